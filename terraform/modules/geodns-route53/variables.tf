variable "zone" {
  description = "The zone of the list of regions, like chat.example.net."
  type        = string
}

variable "regions" {
  description = "Regions that take users, by name: `aws_region` (or the nearest one, where it is not in AWS), where they come in (`dns_name`, `zone_id`), `drained`."
  type = map(object({
    aws_region = string
    dns_name   = string
    zone_id    = string
    drained    = optional(bool, false)
  }))

  validation {
    condition     = anytrue([for r in values(var.regions) : !r.drained])
    error_message = "Every region is drained: gw.<zone> would name nobody. Take \"drained\" away from one."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic in us-east-1 that is told when a region is not healthy; null for none."
  type        = string
  default     = null
}
