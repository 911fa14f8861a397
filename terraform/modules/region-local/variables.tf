variable "name" {
  description = "Name of the region."
  type        = string
}

variable "region" {
  description = "The region as `mesh-config` gives it in its output `regions`."
  type = object({
    dir        = string
    ports      = map(number)
    env        = map(string)
    url        = string
    ws         = string
    link       = list(string)
    health_url = string
    servers    = list(object({ jetstream = string, gateway = string }))
  })
}

variable "topology_file" {
  description = "Absolute path of the one list of regions: the region follows it while it runs."
  type        = string
}

variable "keys_dir" {
  description = "The folder that `atoll keys` made."
  type        = string
}

variable "nats_server" {
  description = "The nats-server to run (2.10 or newer)."
  type        = string
  default     = "nats-server"
}

variable "atoll" {
  description = "The atoll command."
  type        = string
  default     = "atoll"
}

variable "patience_s" {
  description = "Seconds until the region must serve; a region that joins builds its state first."
  type        = number
  default     = 120
}

variable "settings" {
  description = "Settings of `atoll serve` beside those that follow from the list, by variable (`atoll config doc`). No secrets: they stand in the state."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "ATOLL_") && !strcontains(name, "SECRET") && !strcontains(name, "PASSWORD") && !strcontains(name, "SEED")])
    error_message = "settings are ATOLL_ variables and no secrets: those come from the folder that `atoll keys` made."
  }
}
