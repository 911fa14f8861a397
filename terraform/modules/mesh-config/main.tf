# Every server's configuration, from the one list of regions. Pure: no resource, no provider. It holds no secret: servers include a file of secrets that
# `atoll keys` made, so neither the plan nor the state ever sees one.
locals {
  all     = { for i, r in var.topology.regions : r.name => merge(r, { index = coalesce(r.index, i) }) }
  regions = { for name, r in local.all : name => r if !r.retired }
  machine = var.placement == "machine"

  # One entry a server of each tier: a host, or this machine.
  hosts = { for name, r in local.regions : name => local.machine ? ["127.0.0.1"] : coalesce(r.providers.hosts, [regex("^\\w+://([^:/]+)", r.url)[0]]) }
  ports = { for name, r in local.regions : name => local.machine ? {
    jetstream         = var.base_port + 20 * r.index
    jetstream_monitor = var.base_port + 20 * r.index + 1
    gateway           = var.base_port + 20 * r.index + 2
    gateway_monitor   = var.base_port + 20 * r.index + 3
    leaf              = var.base_port + 20 * r.index + 4
    link              = var.base_port + 20 * r.index + 5
    jetstream_route   = var.base_port + 20 * r.index + 6
    gateway_route     = var.base_port + 20 * r.index + 7
    } : {
    jetstream         = 4222
    jetstream_monitor = 8222
    gateway           = 4223
    gateway_monitor   = 8223
    leaf              = 7422
    link              = 7222
    jetstream_route   = 6222
    gateway_route     = 6223
  } }

  # Where a region's gateway servers are dialled.
  links = { for name, r in local.regions : name => length(r.link) > 0 ? r.link : [for h in local.hosts[name] : "${var.tls == null ? "nats" : "tls"}://${h}:${local.ports[name].link}"] }

  # A region dials those that were there before it; the others learn of it by NATS's own gossip and dial back. So a region more changes nobody's files.
  dials = { for name, r in local.regions : name => { for other, o in local.regions : other => try(r.peers[other], local.links[other]) if o.index < r.index } }

  dirs = { for name, r in local.regions : name => replace(var.data_dir, "{region}", name) }

  # What other regions may make happen in this one (ADR 0001): the same list as in regions/nats/server-config.ts, which a test holds together.
  admitted = { for name, r in local.regions : name => [
    "$JS.${name}.API.STREAM.INFO.*",
    "$JS.${name}.API.CONSUMER.CREATE.*",
    "$JS.${name}.API.CONSUMER.CREATE.*.>",
    "$JS.${name}.API.CONSUMER.MSG.NEXT.*.>",
    "$JS.${name}.API.CONSUMER.DELETE.*.>",
    "$JS.FC.>",
    "$JSC.R.>",
    "_INBOX.>",
    "deliver.${name}.>",
    "hb.>",
    "tell.>",
    "rpc.${name}.>",
  ] }

  servers = { for name, r in local.regions : name => [for n, host in local.hosts[name] : {
    number = n + 1
    host   = host
    jetstream = templatefile("${path.module}/templates/jetstream.conf.tftpl", {
      region = name, number = n + 1, host = host, ports = local.ports[name], hosts = local.hosts[name], dir = local.dirs[name], tls = var.tls, machine = local.machine
    })
    gateway = templatefile("${path.module}/templates/gateway.conf.tftpl", {
      region = name, number = n + 1, host = host, ports = local.ports[name], hosts = local.hosts[name], dials = local.dials[name], admitted = local.admitted[name], tls = var.tls, machine = local.machine
    })
  }] }

  env = { for name, r in local.regions : name => merge({
    ATOLL_MODE             = var.mode
    ATOLL_REGION           = name
    ATOLL_HOST             = local.machine ? "127.0.0.1" : "0.0.0.0"
    ATOLL_PORT             = local.machine ? tostring(try(regex(":([0-9]+)$", trimsuffix(regex("^\\w+://([^/]+)", r.url)[0], "/"))[0], "80")) : "8800"
    ATOLL_NATS_URL         = "nats://${join(",", [for h in local.hosts[name] : "${h}:${local.ports[name].jetstream}"])}"
    ATOLL_NATS_MONITOR_URL = "http://127.0.0.1:${local.ports[name].jetstream_monitor}"
    ATOLL_NATS_REPLICAS    = tostring(length(local.hosts[name]) >= 3 ? 3 : 1)
    ATOLL_DATA_DIR         = "${local.dirs[name]}/state"
  }) }
}
