output "regions" {
  description = "Every region that was applied, by name, as its own state has it."
  value       = { for name, s in data.terraform_remote_state.region : name => s.outputs.region if can(s.outputs.region) }
}
