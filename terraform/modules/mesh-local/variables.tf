variable "topology_file" {
  description = "The one list of regions, a JSON file. Running regions follow it, Terraform makes and removes them."
  type        = string
}

variable "run_dir" {
  description = "Absolute path of the folder for all regions."
  type        = string

  validation {
    condition     = startswith(var.run_dir, "/")
    error_message = "run_dir must be an absolute path."
  }
}

variable "keys_dir" {
  description = "The folder that `atoll keys` made."
  type        = string
}

variable "base_port" {
  description = "Region i uses 20 ports from base_port + 20 i for its servers."
  type        = number
  default     = 21000
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

variable "settings" {
  description = "Settings of every region's `atoll serve` beside those that follow from the list, by variable (`atoll config doc`). No secrets: they stand in the state."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : startswith(name, "ATOLL_") && !strcontains(name, "SECRET") && !strcontains(name, "PASSWORD") && !strcontains(name, "SEED")])
    error_message = "settings are ATOLL_ variables and no secrets: those come from the folder that `atoll keys` made."
  }
}

variable "name_server" {
  description = "Whether the mesh's name server runs here too, on the ports `base_port` + 1280 (health and metrics, HTTP) and + 1281 (DNS, UDP and TCP)."
  type        = bool
  default     = true
}
