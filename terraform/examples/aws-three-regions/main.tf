# A mesh in AWS: every region of the list that has `providers.aws`, and Route 53 in front. A region more is one entry.
variable "topology_file" {
  description = "The one list of regions."
  type        = string
  default     = "regions.json"
}

provider "aws" {
  region = "us-east-1"
  default_tags {
    tags = { project = "atoll" }
  }
}

locals {
  topology = jsondecode(file(var.topology_file))
}

module "config" {
  source = "../../modules/mesh-config"

  topology  = local.topology
  placement = "hosts"
  data_dir  = "/var/lib/atoll/{region}"
}

locals {
  aws = { for r in local.topology.regions : r.name => r.providers.aws.region if can(r.providers.aws.region) && contains(keys(module.config.regions), r.name) }
}

module "region" {
  source   = "../../modules/region-aws"
  for_each = local.aws

  name       = each.key
  index      = module.config.regions[each.key].index
  aws_region = each.value
}

module "geodns" {
  source = "../../modules/geodns-route53"

  zone = local.topology.zone
  regions = { for name, aws_region in local.aws : name => {
    aws_region = aws_region
    dns_name   = module.region[name].load_balancer.dns_name
    zone_id    = module.region[name].load_balancer.zone_id
    drained    = module.config.regions[name].drained
  } }
}

output "clusters" {
  description = "Every region's cluster; `aws eks update-kubeconfig --region … --name …` gives access to it."
  value       = { for name, region in module.region : name => region.cluster.name }
}

output "name_servers" {
  description = "The parent zone delegates to these."
  value       = module.geodns.name_servers
}
