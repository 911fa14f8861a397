# The mesh as its regions' own states tell it: read only, so it can break nothing.
locals {
  regions = { for r in jsondecode(file(var.topology_file)).regions : r.name => r if !try(r.retired, false) }
}

data "terraform_remote_state" "region" {
  for_each = local.regions

  backend = var.backend
  config  = { for key, value in var.state : key => replace(value, "{region}", each.key) }
}

check "every_region_was_applied" {
  assert {
    condition     = alltrue([for s in data.terraform_remote_state.region : can(s.outputs.region)])
    error_message = "In the list but not applied yet: ${join(", ", [for name, s in data.terraform_remote_state.region : name if !can(s.outputs.region)])}"
  }
}
