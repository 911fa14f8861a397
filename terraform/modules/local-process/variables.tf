variable "name" {
  description = "What it is, for people: us-gateway."
  type        = string
}

variable "dir" {
  description = "Absolute path of the folder for its files, pid and log."
  type        = string

  validation {
    condition     = startswith(var.dir, "/")
    error_message = "dir must be an absolute path: the process is recognised by it."
  }
}

variable "command" {
  description = "Program and arguments. One argument must be a path in `dir`: by it the process is known again."
  type        = list(string)

  validation {
    condition     = anytrue([for word in var.command : strcontains(word, "/")])
    error_message = "The command must name a file of its own folder, by which the process is known again."
  }
}

variable "files" {
  description = "Files in `dir`: name to text. No secrets: they stand in the state."
  type        = map(string)
  default     = {}
}

variable "secret_files" {
  description = "Files in `dir` that are copied from elsewhere: name to path. Only their hash is known to Terraform."
  type        = map(string)
  default     = {}
}

variable "secret_env" {
  description = "A file of KEY=value lines that the process gets as environment; null for none. Only its hash is known to Terraform."
  type        = string
  default     = null
}

variable "health_url" {
  description = "Answers 200 when the process serves."
  type        = string
}

variable "patience_s" {
  description = "Seconds until it must serve."
  type        = number
  default     = 90

  validation {
    condition     = var.patience_s >= 1 && var.patience_s <= 3600
    error_message = "patience_s is 1 to 3600."
  }
}
