# What a region stands on in AWS: a network, a cluster (EKS Auto Mode), and the load balancer its users come through. The region itself is the Helm chart,
# applied to the cluster by roots/region.
locals {
  cidr  = "10.${16 + var.index}.0.0/16"
  label = "atoll-${var.name}"
  tags  = { "atoll:region" = var.name }
  zones = { for i in range(var.zones) : tostring(i) => coalesce(var.availability_zones, data.aws_availability_zones.here.names)[i] }
}

data "aws_availability_zones" "here" {
  region = var.aws_region
  state  = "available"
}

data "aws_partition" "here" {}

resource "aws_vpc" "this" {
  region               = var.aws_region
  cidr_block           = local.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = merge(local.tags, { Name = local.label })
}

# Nobody is in the default group.
resource "aws_default_security_group" "closed" {
  region = var.aws_region
  vpc_id = aws_vpc.this.id
  tags   = local.tags
}

resource "aws_internet_gateway" "this" {
  region = var.aws_region
  vpc_id = aws_vpc.this.id
  tags   = local.tags
}

resource "aws_subnet" "public" {
  for_each = local.zones

  region            = var.aws_region
  vpc_id            = aws_vpc.this.id
  availability_zone = each.value
  cidr_block        = cidrsubnet(local.cidr, 8, tonumber(each.key))
  tags              = merge(local.tags, { Name = "${local.label}-public-${each.key}", "kubernetes.io/role/elb" = "1" })
}

resource "aws_subnet" "private" {
  for_each = local.zones

  region            = var.aws_region
  vpc_id            = aws_vpc.this.id
  availability_zone = each.value
  cidr_block        = cidrsubnet(local.cidr, 4, 8 + tonumber(each.key))
  tags              = merge(local.tags, { Name = "${local.label}-private-${each.key}", "kubernetes.io/role/internal-elb" = "1" })
}

resource "aws_route_table" "public" {
  region = var.aws_region
  vpc_id = aws_vpc.this.id
  tags   = local.tags
}

resource "aws_route" "public" {
  region                 = var.aws_region
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = aws_subnet.public

  region         = var.aws_region
  route_table_id = aws_route_table.public.id
  subnet_id      = each.value.id
}

# A zone that is lost takes its own way out with it, and no other's.
resource "aws_eip" "out" {
  for_each = local.zones

  region = var.aws_region
  domain = "vpc"
  tags   = local.tags
}

resource "aws_nat_gateway" "out" {
  for_each   = aws_subnet.public
  depends_on = [aws_internet_gateway.this]

  region        = var.aws_region
  subnet_id     = each.value.id
  allocation_id = aws_eip.out[each.key].id
  tags          = local.tags
}

resource "aws_route_table" "private" {
  for_each = local.zones

  region = var.aws_region
  vpc_id = aws_vpc.this.id
  tags   = local.tags
}

resource "aws_route" "private" {
  for_each = aws_route_table.private

  region                 = var.aws_region
  route_table_id         = each.value.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.out[each.key].id
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  region         = var.aws_region
  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = each.value.id
}

# Users come through a network load balancer; TLS ends in the cluster, WebSockets live as long as they like.
resource "aws_lb" "users" {
  region                           = var.aws_region
  name                             = local.label
  load_balancer_type               = "network"
  subnets                          = [for s in aws_subnet.public : s.id]
  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = var.deletion_protection
  tags                             = local.tags
}

resource "aws_lb_target_group" "users" {
  region               = var.aws_region
  name                 = local.label
  port                 = 8800
  protocol             = "TCP"
  target_type          = "ip"
  vpc_id               = aws_vpc.this.id
  deregistration_delay = 30
  preserve_client_ip   = "true"
  tags                 = local.tags

  health_check {
    protocol            = "HTTP"
    port                = "8800"
    path                = "/readyz"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 3
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "users" {
  region            = var.aws_region
  load_balancer_arn = aws_lb.users.arn
  port              = 443
  protocol          = "TCP"
  tags              = local.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.users.arn
  }
}

resource "aws_kms_key" "secrets" {
  region                  = var.aws_region
  description             = "Secrets of region ${var.name}'s cluster"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = local.tags
}

data "aws_iam_policy_document" "assume" {
  for_each = { cluster = "eks.amazonaws.com", node = "ec2.amazonaws.com" }

  statement {
    actions = each.key == "cluster" ? ["sts:AssumeRole", "sts:TagSession"] : ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = [each.value]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = data.aws_iam_policy_document.assume

  name               = "${local.label}-${each.key}"
  assume_role_policy = each.value.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = merge(
    { for p in ["AmazonEKSClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSBlockStoragePolicy", "AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy"] : p => "cluster" },
    { for p in ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"] : p => "node" },
  )

  role       = aws_iam_role.this[each.value].name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/${each.key}"
}

resource "aws_eks_cluster" "this" {
  depends_on = [aws_iam_role_policy_attachment.this]

  region                        = var.aws_region
  name                          = local.label
  version                       = var.kubernetes_version
  role_arn                      = aws_iam_role.this["cluster"].arn
  bootstrap_self_managed_addons = false
  enabled_cluster_log_types     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  deletion_protection           = var.deletion_protection
  tags                          = local.tags

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = true
  }
  compute_config {
    enabled       = true
    node_pools    = ["general-purpose", "system"]
    node_role_arn = aws_iam_role.this["node"].arn
  }
  encryption_config {
    resources = ["secrets"]
    provider {
      key_arn = aws_kms_key.secrets.arn
    }
  }
  kubernetes_network_config {
    elastic_load_balancing {
      enabled = true
    }
  }
  storage_config {
    block_storage {
      enabled = true
    }
  }
  vpc_config {
    subnet_ids              = [for s in aws_subnet.private : s.id]
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_access_cidrs) > 0
    public_access_cidrs     = length(var.public_access_cidrs) > 0 ? var.public_access_cidrs : null
  }
}
