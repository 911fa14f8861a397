# Regions in clusters that are there are applied one by one, each with a state of its own: see apply.sh. This file only shows what the list makes of them.
variable "topology_file" {
  description = "The one list of regions; each with `providers.kubernetes`."
  type        = string
  default     = "regions.json"
}

module "config" {
  source = "../../modules/mesh-config"

  topology  = jsondecode(file(var.topology_file))
  placement = "hosts"
  data_dir  = "/data/{region}"
}

output "dials" {
  description = "Who dials whom first; the others dial back."
  value       = { for name, region in module.config.regions : name => region.dials }
}
