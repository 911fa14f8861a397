# A whole region as processes of this machine: gateway server, JetStream server, program, each known again and healed by itself. They start in this order
# and stop in the other: what the program has drained is in the servers before they go.
locals {
  keys = "${var.keys_dir}/${var.name}"
  dir  = var.region.dir
  env  = merge(var.settings, var.region.env, { ATOLL_TOPOLOGY = var.topology_file })
}

module "gateway" {
  source = "../local-process"

  name         = "gateway"
  dir          = local.dir
  command      = [var.nats_server, "-c", "${local.dir}/gateway.conf"]
  files        = { "gateway.conf" = var.region.servers[0].gateway }
  secret_files = { "gateway.secrets.conf" = "${local.keys}/gateway.secrets.conf" }
  health_url   = "http://127.0.0.1:${var.region.ports.gateway_monitor}/healthz"
}

module "jetstream" {
  source     = "../local-process"
  depends_on = [module.gateway]

  name         = "jetstream"
  dir          = local.dir
  command      = [var.nats_server, "-c", "${local.dir}/jetstream.conf"]
  files        = { "jetstream.conf" = var.region.servers[0].jetstream }
  secret_files = { "jetstream.secrets.conf" = "${local.keys}/jetstream.secrets.conf" }
  health_url   = "http://127.0.0.1:${var.region.ports.jetstream_monitor}/healthz"
}

module "program" {
  source     = "../local-process"
  depends_on = [module.jetstream]

  name       = "program"
  dir        = local.dir
  command    = [var.atoll, "serve", "--config", "${local.dir}/region.env"]
  files      = { "region.env" = join("", [for key, value in local.env : "${key}=${value}\n"]) }
  secret_env = "${local.keys}/region.secrets.env"
  health_url = var.region.health_url
  patience_s = var.patience_s
}
