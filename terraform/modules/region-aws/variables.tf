variable "name" {
  description = "Name of the region in the mesh."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{0,19}$", var.name))
    error_message = "In AWS a region's name has small letters, digits and -; at most 20: it is part of a load balancer's name."
  }
}

variable "index" {
  description = "The region's index in the list: it fixes the network's address range, 10.(16 + index).0.0/16."
  type        = number

  validation {
    condition     = var.index >= 0 && var.index <= 63
    error_message = "index is 0 to 63."
  }
}

variable "aws_region" {
  description = "AWS region. Version 6 of the provider takes it per resource, so one provider serves every region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-gov|-iso[a-z]?)?-[a-z]+-[0-9]$", var.aws_region))
    error_message = "aws_region is like eu-central-1."
  }
}

variable "zones" {
  description = "Availability zones to spread over: one NATS server of each tier in each."
  type        = number
  default     = 3

  validation {
    condition     = var.zones >= 2 && var.zones <= 4
    error_message = "zones is 2 to 4."
  }
}

variable "availability_zones" {
  description = "Names of the zones, in their order, so that a zone that AWS adds moves no subnet; null for the first `zones` that AWS names now."
  type        = list(string)
  default     = null
}

variable "kubernetes_version" {
  description = "Version of the cluster."
  type        = string
  default     = "1.33"
}

variable "public_access_cidrs" {
  description = "Addresses that reach the cluster's API from outside; none = only from inside the network."
  type        = list(string)
  default     = []
}

variable "deletion_protection" {
  description = "Whether load balancer and cluster refuse to be deleted; take it away, and apply, before a region is removed."
  type        = bool
  default     = true
}
