variable "name" {
  description = "Name of the region."
  type        = string
}

variable "namespace" {
  description = "The namespace that is made for it."
  type        = string
  default     = "atoll"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "A namespace has small letters, digits and -."
  }
}

variable "manifests" {
  description = "The chart, rendered for this region: helm template us deploy/helm/atoll --set region=us --set-file topology=regions.json."
  type        = string
}

variable "region" {
  description = "The region as `mesh-config` gives it: its endpoints."
  type = object({
    url        = string
    ws         = string
    link       = list(string)
    health_url = string
  })
}
