output "pid_file" {
  description = "Holds the process's id while it runs. Taken from the resource, so that who reads it waits for the start."
  value       = "${terraform_data.process.output.dir}/${terraform_data.process.output.name}.pid"
}

output "generation" {
  description = "Another text after each start by Terraform."
  value       = terraform_data.process.output.generation
}
