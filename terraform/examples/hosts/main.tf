# Regions on hosts of your own, reached over SSH. Keys first: atoll keys --topology regions.json --out keys --tls
variable "topology_file" {
  description = "The one list of regions; each with `providers.hosts`."
  type        = string
  default     = "regions.json"
}

variable "region" {
  description = "The region that this state belongs to: every region has a state and a lock of its own."
  type        = string
}

variable "keys_dir" {
  description = "The folder that `atoll keys` made."
  type        = string
  default     = "keys"
}

variable "ssh" {
  description = "How the hosts are reached: see modules/region-host."
  type        = object({ user = string, private_key_file = string, host_keys = map(string) })
}

module "config" {
  source = "../../modules/mesh-config"

  topology  = jsondecode(file(var.topology_file))
  placement = "hosts"
  data_dir  = "/var/lib/atoll/{region}"
  tls       = { ca_file = "/etc/atoll/ca.pem", cert_file = "/etc/atoll/cert.pem", key_file = "/etc/atoll/key.pem" }
}

module "region" {
  source = "../../modules/region-host"

  name     = var.region
  region   = module.config.regions[var.region]
  topology = file(var.topology_file)
  keys_dir = abspath(var.keys_dir)
  ssh      = var.ssh
}

output "region" {
  description = "The region's endpoints."
  value       = module.region.region
}
