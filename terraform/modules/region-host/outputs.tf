output "region" {
  description = "The region's endpoints, in the shape that every kind of region gives: `url`, `ws`, `link`, `health_url`."
  value       = { url = var.region.url, ws = var.region.ws, link = var.region.link, health_url = var.region.health_url }
  depends_on  = [terraform_data.server]
}
