variable "region" {
  description = "The region that this state belongs to: a name in the list."
  type        = string
}

variable "topology_file" {
  description = "The one list of regions."
  type        = string
}

variable "manifests_file" {
  description = "The chart rendered for this region."
  type        = string
}

variable "kubeconfig" {
  description = "Access to the region's cluster."
  type        = string
}

variable "context" {
  description = "Context in the kubeconfig; null for `providers.kubernetes.context` of the list, or the current one."
  type        = string
  default     = null
}
