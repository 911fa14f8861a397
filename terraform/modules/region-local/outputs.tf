output "region" {
  description = "The region's endpoints, in the shape that every kind of region gives: `url`, `ws`, `link`, `health_url`."
  value       = { url = var.region.url, ws = var.region.ws, link = var.region.link, health_url = var.region.health_url }
  depends_on  = [module.program]
}

output "pid_files" {
  description = "Where the ids of its processes are."
  value       = [module.gateway.pid_file, module.jetstream.pid_file, module.program.pid_file]
}
