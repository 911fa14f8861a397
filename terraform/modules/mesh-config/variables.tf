variable "topology" {
  description = "The one list of regions, as `jsondecode(file(\"regions.json\"))`."
  type = object({
    zone = string
    regions = list(object({
      name        = string
      displayName = optional(string)
      index       = optional(number)
      url         = string
      ws          = string
      link        = optional(list(string), [])
      peers       = optional(map(list(string)), {})
      latitude    = number
      longitude   = number
      weight      = optional(number, 1)
      drained     = optional(bool, false)
      retired     = optional(bool, false)
      providers = optional(object({
        aws        = optional(object({ region = string }))
        kubernetes = optional(object({ context = string, namespace = optional(string, "atoll") }))
        hosts      = optional(list(string))
      }), {})
    }))
  })

  validation {
    condition     = length(distinct([for r in var.topology.regions : lower(r.name)])) == length(var.topology.regions)
    error_message = "A region is in the list twice (large and small letters are one): give one another name, or take one out."
  }
  validation {
    condition     = alltrue([for r in var.topology.regions : can(regex("^[A-Za-z0-9_-]{1,64}$", r.name))])
    error_message = "A region's name has letters, digits, - and _; at most 64."
  }
  validation {
    condition     = length(distinct([for i, r in var.topology.regions : coalesce(r.index, i)])) == length(var.topology.regions)
    error_message = "Two regions have the same index: write \"index\" for one of them, a number that no region has or had."
  }
  validation {
    condition     = alltrue([for r in var.topology.regions : coalesce(r.index, 0) >= 0 && coalesce(r.index, 0) <= 63])
    error_message = "A region's index is 0 to 63."
  }
  validation {
    condition     = alltrue(flatten([for r in var.topology.regions : [for p in keys(r.peers) : p != r.name && contains([for o in var.topology.regions : o.name], p)]]))
    error_message = "A region names a peer that is not in the list (or itself): correct the name under \"peers\", or add that region."
  }
  validation {
    condition = length(distinct(concat(
      flatten([for r in var.topology.regions : distinct([for u in [r.url, r.ws] : regex("^\\w+://([^/]+)", u)[0]]) if !r.retired]),
      flatten([for r in var.topology.regions : [for l in r.link : regex("^\\w+://(.+)$", l)[0]] if !r.retired]),
      ))) == length(concat(
      flatten([for r in var.topology.regions : distinct([for u in [r.url, r.ws] : regex("^\\w+://([^/]+)", u)[0]]) if !r.retired]),
      flatten([for r in var.topology.regions : [for l in r.link : regex("^\\w+://(.+)$", l)[0]] if !r.retired]),
    ))
    error_message = "Two regions listen on one address: give one of them another port or address in url, ws or link."
  }
  validation {
    condition     = anytrue([for r in var.topology.regions : !r.retired])
    error_message = "Every region is retired: take \"retired\" away from one, or add a region."
  }
}

variable "placement" {
  description = "`machine`: every region on this machine, ports by index. `hosts`: one JetStream and one gateway server on each of a region's hosts, standard ports."
  type        = string
  default     = "machine"

  validation {
    condition     = contains(["machine", "hosts"], var.placement)
    error_message = "placement is machine or hosts."
  }
}

variable "base_port" {
  description = "With `machine`: region i uses base_port + 20 i up to base_port + 20 i + 9 for its servers."
  type        = number
  default     = 21000

  validation {
    condition     = var.base_port >= 1024 && var.base_port + 20 * 64 <= 65535
    error_message = "base_port is 1024 to 64255."
  }
}

variable "data_dir" {
  description = "Folder of a region's data; `{region}` stands for its name."
  type        = string

  validation {
    condition     = strcontains(var.data_dir, "{region}")
    error_message = "data_dir must contain {region}: regions never share a disk."
  }
}

variable "tls" {
  description = "Files of the link's TLS on the servers, as `atoll keys` makes them; null only where links never leave the machine."
  type        = object({ ca_file = string, cert_file = string, key_file = string })
  default     = null
}

variable "mode" {
  description = "`production`, or `local` for meshes that are tried out."
  type        = string
  default     = "production"

  validation {
    condition     = contains(["production", "local"], var.mode)
    error_message = "mode is production or local."
  }
}
