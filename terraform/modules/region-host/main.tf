# A region on Linux hosts reached over SSH: files, systemd units, start, by Terraform's own provisioners. No provider. What is changed on a host by hand is
# not seen (nothing reads a remote host when planning): `terraform apply -replace` puts it right.
locals {
  servers = { for s in var.region.servers : s.host => s }
  env = merge(var.region.env, length(var.gateway_ports) == 0 ? {} : { ATOLL_ROLES = "reconciler" }, {
    ATOLL_TOPOLOGY = "${var.config_dir}/topology.json"
    ATOLL_PORT     = tostring(var.program_port)
  })
  unit = { region = var.name, nats_server = var.nats_server, atoll = var.atoll, config_dir = var.config_dir, data_dir = var.region.dir, user = var.service_user }
  names = var.name_server == null ? {} : {
    "${var.config_dir}/geodns.env" = join("", [for key, value in merge(var.name_server.settings, {
      ATOLL_MODE     = var.region.env.ATOLL_MODE
      ATOLL_ROLES    = "geodns"
      ATOLL_REGION   = var.name
      ATOLL_TOPOLOGY = "${var.config_dir}/topology.json"
      ATOLL_HOST     = "127.0.0.1"
      ATOLL_PORT     = tostring(var.name_server.http_port)
      ATOLL_DNS_HOST = var.name_server.address
      ATOLL_DNS_PORT = tostring(var.name_server.port)
    }) : "${key}=${value}\n"])
    "${var.unit_dir}/atoll-geodns.service" = templatefile("${path.module}/templates/geodns.service.tftpl", local.unit)
  }
  # With gateways of their own the program takes no sockets itself: it is of role reconciler, and they come to it.
  gateways = { for port in var.gateway_ports : "atoll-sockets-${port}.service" => port }
  sockets = merge([for unit, port in local.gateways : {
    "${var.config_dir}/sockets-${port}.env" = join("", [for key, value in merge(local.env, {
      ATOLL_ROLES          = "gateway"
      ATOLL_PORT           = tostring(port)
      ATOLL_GATEWAY_NAME   = "sockets-${port}"
      ATOLL_RECONCILER_URL = "http://127.0.0.1:${var.program_port}"
    }) : "${key}=${value}\n"])
    "${var.unit_dir}/${unit}" = templatefile("${path.module}/templates/sockets.service.tftpl", merge(local.unit, { port = port }))
  }]...)
  files = { for host, s in local.servers : host => merge(local.names, local.sockets, {
    "${var.config_dir}/jetstream.conf"        = s.jetstream
    "${var.config_dir}/gateway.conf"          = s.gateway
    "${var.config_dir}/region.env"            = join("", [for key, value in local.env : "${key}=${value}\n"])
    "${var.unit_dir}/atoll-jetstream.service" = templatefile("${path.module}/templates/server.service.tftpl", merge(local.unit, { tier = "jetstream" }))
    "${var.unit_dir}/atoll-gateway.service"   = templatefile("${path.module}/templates/server.service.tftpl", merge(local.unit, { tier = "gateway" }))
    "${var.unit_dir}/atoll.service"           = templatefile("${path.module}/templates/atoll.service.tftpl", local.unit)
  }) }
  secrets   = concat(["jetstream.secrets.conf", "gateway.secrets.conf", "region.secrets.env"], var.tls ? ["ca.pem", "cert.pem", "key.pem"] : [])
  units     = "atoll-gateway.service atoll-jetstream.service atoll.service${join("", [for unit in local.own_units : " ${unit}"])}"
  own_units = concat(keys(local.gateways), var.name_server == null ? [] : ["atoll-geodns.service"])
  own       = "${var.config_dir}/*.conf ${var.config_dir}/*.env ${var.config_dir}/*.pem"
  healthy = join("\n", concat(
    ["for i in $(seq ${var.patience_s * 2}); do"],
    ["  curl -fsS -m 2 -o /dev/null http://127.0.0.1:${var.program_port}/readyz && exit 0"],
    ["  sleep 0.5", "done"],
    ["echo 'region ${var.name} does not serve after ${var.patience_s} s:' >&2; curl -sS -m 2 'http://127.0.0.1:${var.program_port}/readyz?verbose' >&2", "exit 1"],
  ))
}

# The list is a file of its own: who runs follows it, and it is there before anybody starts.
resource "terraform_data" "topology" {
  for_each = local.servers

  input            = { host = each.key, path = "${var.config_dir}/topology.json" }
  triggers_replace = [sha256(var.topology)]

  connection {
    type        = "ssh"
    host        = each.key
    port        = var.ssh.port
    user        = var.ssh.user
    private_key = file(var.ssh.private_key_file)
    host_key    = var.ssh.host_keys[each.key]
    timeout     = var.ssh.timeout
  }
  provisioner "remote-exec" {
    inline = [
      "set -eu",
      "install -d ${var.config_dir}",
      "printf %s ${base64encode(var.topology)} | base64 -d > ${var.config_dir}/topology.json.next",
      "mv ${var.config_dir}/topology.json.next ${var.config_dir}/topology.json",
    ]
  }
}

resource "terraform_data" "server" {
  for_each   = local.servers
  depends_on = [terraform_data.topology]

  # All that a destroy-time provisioner may read.
  input = {
    host        = each.key
    port        = var.ssh.port
    user        = var.ssh.user
    private_key = var.ssh.private_key_file
    host_key    = var.ssh.host_keys[each.key]
    timeout     = var.ssh.timeout
    systemctl   = var.systemctl
    units       = local.units
    own_units   = join(" ", local.own_units)
    unit_dir    = var.unit_dir
  }
  triggers_replace = [
    sha256(jsonencode(local.files[each.key])),
    [for name in local.secrets : try(filesha256("${var.keys_dir}/${var.name}/${name}"), "missing")],
  ]

  lifecycle {
    precondition {
      condition     = alltrue([for name in local.secrets : fileexists("${var.keys_dir}/${var.name}/${name}")])
      error_message = "Secrets of region ${var.name} are missing. Make them first: atoll keys --topology regions.json --out keys${var.tls ? " --tls" : ""}"
    }
  }

  connection {
    type        = "ssh"
    host        = self.input.host
    port        = self.input.port
    user        = self.input.user
    private_key = file(self.input.private_key)
    host_key    = self.input.host_key
    timeout     = self.input.timeout
  }
  provisioner "remote-exec" {
    inline = [
      "set -eu",
      "umask 077",
      "install -d ${var.config_dir} ${var.unit_dir}",
      "install -d -o ${var.service_user} ${var.region.dir} ${var.region.dir}/jetstream ${var.region.dir}/state",
      "rm -rf ${var.config_dir}/incoming && install -d -m 700 ${var.config_dir}/incoming",
    ]
  }
  provisioner "file" {
    source      = "${var.keys_dir}/${var.name}/"
    destination = "${var.config_dir}/incoming"
  }
  provisioner "remote-exec" {
    inline = concat(
      ["set -eu"],
      [for name in local.secrets : "install -m 600 ${var.config_dir}/incoming/${name} ${var.config_dir}/${name}"],
      ["rm -rf ${var.config_dir}/incoming"],
      [for path, text in local.files[each.key] : "printf %s ${base64encode(text)} | base64 -d > ${path}.next && mv ${path}.next ${path}"],
      ["chmod 644 ${var.unit_dir}/atoll*.service && chmod 600 ${local.own} && chown ${var.service_user} ${local.own}"],
      ["${var.systemctl} daemon-reload", "${var.systemctl} enable ${local.units}", "${var.systemctl} restart ${local.units}", local.healthy],
    )
  }
  provisioner "remote-exec" {
    when       = destroy
    on_failure = continue # a host that is gone must not stop its own removal
    inline = [
      "for unit in ${self.input.own_units}; do ${self.input.systemctl} disable --now $unit; rm -f ${self.input.unit_dir}/$unit; done",
      "${self.input.systemctl} disable --now atoll.service",
      "${self.input.systemctl} disable --now atoll-jetstream.service atoll-gateway.service",
      "rm -f ${self.input.unit_dir}/atoll.service ${self.input.unit_dir}/atoll-jetstream.service ${self.input.unit_dir}/atoll-gateway.service",
      "${self.input.systemctl} daemon-reload",
    ]
  }
}
