# A mesh on this machine: one region-local for each region of the list, and the name server. A region more is one entry; nothing of the others changes.
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
  settings      = var.settings
}

# It follows the list of regions by itself, so a region more does not restart it. The ports lie behind those of 64 regions.
locals {
  name_server = { dir = "${var.run_dir}/geodns.d", http = var.base_port + 1280, dns = var.base_port + 1281 }
  name_server_env = merge({ for name, value in var.settings : name => value if contains(["ATOLL_GEO_DB", "ATOLL_LOG_LEVEL"], name) }, {
    ATOLL_ROLES         = "geodns"
    ATOLL_MODE          = "local"
    ATOLL_TOPOLOGY      = abspath(var.topology_file)
    ATOLL_HOST          = "127.0.0.1"
    ATOLL_PORT          = tostring(local.name_server.http)
    ATOLL_DNS_PORT      = tostring(local.name_server.dns)
    ATOLL_DNS_PROCESSES = "0"
  })
}

module "name_server" {
  source = "../local-process"
  count  = var.name_server ? 1 : 0

  name       = "geodns"
  dir        = local.name_server.dir
  command    = [var.atoll, "serve", "--config", "${local.name_server.dir}/geodns.env"]
  files      = { "geodns.env" = join("", [for key, value in local.name_server_env : "${key}=${value}\n"]) }
  secret_env = "${var.keys_dir}/name-server.secrets.env"
  health_url = "http://127.0.0.1:${local.name_server.http}/readyz"
}
