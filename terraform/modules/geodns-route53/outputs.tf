output "name" {
  description = "The one steered name; customers' names are CNAMEs to it."
  value       = "gw.${var.zone}"
}

output "name_servers" {
  description = "The parent zone delegates to these."
  value       = aws_route53_zone.this.name_servers
}
