output "region" {
  description = "What the mesh needs to know of this region."
  value       = merge(module.region.region, { name = var.region, index = module.config.regions[var.region].index, drained = module.config.regions[var.region].drained })
}
