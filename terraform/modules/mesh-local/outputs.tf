output "regions" {
  description = "Every region's endpoints, by name."
  value       = { for name, region in module.region : name => region.region }
}

output "pid_files" {
  description = "Where the ids of every region's processes are, by name."
  value       = { for name, region in module.region : name => region.pid_files }
}

output "name_server" {
  description = "Where the name server answers (`dns`, host:port), shows its health and metrics (`http`), and keeps its id (`pid_file`); null without one."
  value       = var.name_server ? { dns = "127.0.0.1:${local.name_server.dns}", http = "http://127.0.0.1:${local.name_server.http}", pid_file = module.name_server[0].pid_file } : null
}
