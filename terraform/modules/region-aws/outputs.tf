output "load_balancer" {
  description = "Where users of this region come in, for alias records: `dns_name`, `zone_id`; and `target_group_arn`, to which the program's pods are bound."
  value = {
    dns_name         = aws_lb.users.dns_name
    zone_id          = aws_lb.users.zone_id
    target_group_arn = aws_lb_target_group.users.arn
  }
}

output "cluster" {
  description = "The region's cluster: `name`, `endpoint`, `certificate_authority` (base64)."
  value = {
    name                  = aws_eks_cluster.this.name
    endpoint              = aws_eks_cluster.this.endpoint
    certificate_authority = aws_eks_cluster.this.certificate_authority[0].data
  }
}

output "cidr" {
  description = "The network's address range; no two regions share one, so they can be peered."
  value       = local.cidr
}
