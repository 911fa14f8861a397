# Three regions and their name server on this machine. Needs nats-server 2.10 or newer, Node, bash and curl; keys first: atoll keys --topology regions.json --out keys
variable "topology_file" {
  description = "The one list of regions."
  type        = string
  default     = "regions.json"
}

variable "run_dir" {
  description = "Absolute path of the folder for data, logs and pids; null for `run` beside this file."
  type        = string
  default     = null
}

variable "keys_dir" {
  description = "The folder that `atoll keys` made."
  type        = string
  default     = "keys"
}

variable "base_port" {
  description = "First of the servers' ports."
  type        = number
  default     = 21000
}

variable "nats_server" {
  description = "The nats-server to run."
  type        = string
  default     = "nats-server"
}

variable "atoll" {
  description = "The atoll command."
  type        = string
  default     = "../../../atoll"
}

variable "settings" {
  description = "Settings of every region's `atoll serve` beside those that follow from the list."
  type        = map(string)
  default     = {}
}

module "mesh" {
  source = "../../modules/mesh-local"

  topology_file = var.topology_file
  run_dir       = coalesce(var.run_dir, abspath("${path.root}/run"))
  keys_dir      = abspath(var.keys_dir)
  base_port     = var.base_port
  nats_server   = var.nats_server
  atoll         = abspath(var.atoll)
  settings      = var.settings
}

output "regions" {
  description = "Every region's endpoints, by name."
  value       = module.mesh.regions
}

output "name_server" {
  description = "Where DNS is answered."
  value       = module.mesh.name_server
}
