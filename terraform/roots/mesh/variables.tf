variable "topology_file" {
  description = "The one list of regions."
  type        = string
}

variable "backend" {
  description = "Kind of the regions' backend."
  type        = string
  default     = "s3"
}

variable "state" {
  description = "Settings of that backend; `{region}` in a setting stands for the region's name, like key = \"regions/{region}.tfstate\"."
  type        = map(string)
}
