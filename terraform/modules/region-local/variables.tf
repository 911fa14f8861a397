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
