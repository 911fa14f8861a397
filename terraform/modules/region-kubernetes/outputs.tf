output "region" {
  description = "The region's endpoints, in the shape that every kind of region gives: `url`, `ws`, `link`, `health_url`."
  value       = { url = var.region.url, ws = var.region.ws, link = var.region.link, health_url = var.region.health_url }
  depends_on  = [kubectl_manifest.object]
}

output "objects" {
  description = "How many objects the region has in its cluster."
  value       = length(kubectl_manifest.object) + 1
}
