output "regions" {
  description = "Every region's endpoints, by name."
  value       = { for name, region in module.region : name => region.region }
}

output "pid_files" {
  description = "Where the ids of every region's processes are, by name."
  value       = { for name, region in module.region : name => region.pid_files }
}
