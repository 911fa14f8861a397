# A mesh on this machine: one region-local for each region of the list. A region more is one entry; nothing of the others changes.
module "config" {
  source = "../mesh-config"

  topology  = jsondecode(file(var.topology_file))
  placement = "machine"
  mode      = "local"
  base_port = var.base_port
  data_dir  = "${var.run_dir}/{region}"
}

module "region" {
  source   = "../region-local"
  for_each = module.config.regions

  name          = each.key
  region        = each.value
  topology_file = abspath(var.topology_file)
  keys_dir      = var.keys_dir
  nats_server   = var.nats_server
  atoll         = var.atoll
}
