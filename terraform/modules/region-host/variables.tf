variable "name" {
  description = "Name of the region."
  type        = string
}

variable "region" {
  description = "The region as `mesh-config` (placement `hosts`) gives it in its output `regions`."
  type = object({
    dir        = string
    ports      = map(number)
    env        = map(string)
    url        = string
    ws         = string
    link       = list(string)
    health_url = string
    servers    = list(object({ number = number, host = string, jetstream = string, gateway = string }))
  })
}

variable "topology" {
  description = "Text of the one list of regions. A change is copied to the hosts and followed there; nothing is restarted."
  type        = string
}

variable "keys_dir" {
  description = "The folder that `atoll keys` made. Its files are copied over SSH and never stand in the state."
  type        = string
}

variable "ssh" {
  description = "How the hosts are reached: `user`, `private_key_file`, `host_keys` (host to its public key: no host is trusted blindly), `port`, `timeout`."
  type = object({
    user             = string
    private_key_file = string
    host_keys        = map(string)
    port             = optional(number, 22)
    timeout          = optional(string, "60s")
  })
}

variable "tls" {
  description = "Whether `atoll keys --tls` made certificates that are to be copied too."
  type        = bool
  default     = true
}

variable "config_dir" {
  description = "Folder of the region's files on the hosts."
  type        = string
  default     = "/etc/atoll"
}

variable "unit_dir" {
  description = "Folder of systemd units on the hosts."
  type        = string
  default     = "/etc/systemd/system"
}

variable "systemctl" {
  description = "How units are ruled: `systemctl`, or `sudo systemctl`."
  type        = string
  default     = "systemctl"
}

variable "service_user" {
  description = "The user that servers and program run as; must exist on the hosts."
  type        = string
  default     = "atoll"
}

variable "nats_server" {
  description = "Path of nats-server on the hosts."
  type        = string
  default     = "/usr/local/bin/nats-server"
}

variable "atoll" {
  description = "Path of the atoll command on the hosts."
  type        = string
  default     = "/usr/local/bin/atoll"
}

variable "program_port" {
  description = "Where the program answers `/readyz` on its host."
  type        = number
  default     = 8800
}

variable "patience_s" {
  description = "Seconds until a host must serve; a region that joins builds its state first."
  type        = number
  default     = 300
}

variable "name_server" {
  description = "The mesh's name server as a unit of its own on these hosts: `port` and `address` for DNS, `http_port` for health and metrics on loopback, further `settings` (ATOLL_GEO_DB; ATOLL_DNS_PROCESSES where another number than one for each core but one, 1 to 4, is wanted). Null for none."
  type = object({
    port      = optional(number, 53)
    address   = optional(string, "0.0.0.0")
    http_port = optional(number, 8853)
    settings  = optional(map(string), {})
  })
  default = null
}

variable "gateway_ports" {
  description = "Processes of role gateway on each host, by the port that each listens on; a balancer before them shares sockets out. With any, the program on `program_port` is of role reconciler and takes no sockets of users itself."
  type        = list(number)
  default     = []

  validation {
    condition     = length(var.gateway_ports) == length(distinct(var.gateway_ports)) && alltrue([for port in var.gateway_ports : port >= 1 && port <= 65535])
    error_message = "gateway_ports are different ports, 1 to 65535."
  }
}
