# One process on this machine, by Terraform's own terraform_data: started, known again, healed, stopped. No provider.
locals {
  secrets = { for name, path in merge(var.secret_files, var.secret_env == null ? {} : { "(environment)" = var.secret_env }) : name => try(filesha256(path), "missing") }
  wanted  = sha256(jsonencode([var.command, var.files, local.secrets, var.health_url]))

  # What is really there, read at plan time with functions alone: our process lives, every file is as it should be.
  pid     = try(trimspace(file("${var.dir}/${var.name}.pid")), "")
  marker  = [for word in var.command : word if startswith(word, "${var.dir}/")][0]
  running = local.pid != "" && try(strcontains(file("/proc/${local.pid}/cmdline"), local.marker), false)
  same    = alltrue([for name, text in var.files : try(file("${var.dir}/${name}") == text, false)])
  alive   = local.running && local.same
  # Stable while all is well; new, and known when planning, as soon as it is not.
  generation = local.alive ? try(trimspace(file("${var.dir}/${var.name}.generation")), plantimestamp()) : plantimestamp()
}

# What was seen is a resource of its own, so that drift shows in the plan and is not looked at once more while applying.
resource "terraform_data" "observed" {
  input = local.generation
}

resource "terraform_data" "process" {
  # All that a destroy-time provisioner may read.
  input = {
    name       = var.name
    dir        = var.dir
    marker     = local.marker
    generation = terraform_data.observed.output
  }
  triggers_replace = [local.wanted, terraform_data.observed.output]

  lifecycle {
    precondition {
      condition     = !contains(values(local.secrets), "missing")
      error_message = "${var.name}: secrets are missing (${join(", ", [for name, hash in local.secrets : name if hash == "missing"])}). Make them first: atoll keys --topology regions.json --out keys"
    }
  }

  provisioner "local-exec" {
    command = "bash '${path.module}/process.sh' start"
    quiet   = true
    environment = {
      NAME       = self.input.name
      DIR        = self.input.dir
      GENERATION = self.input.generation
      COMMAND    = join("\n", [for word in var.command : base64encode(word)])
      FILES      = join("\n", [for name, text in var.files : "${name} ${base64encode(text)}"])
      SECRETS    = join("\n", [for name, path in var.secret_files : "${name} ${base64encode(path)}"])
      SECRET_ENV = coalesce(var.secret_env, "/dev/null")
      HEALTH     = var.health_url
      PATIENCE   = var.patience_s
    }
  }
  provisioner "local-exec" {
    when        = destroy
    command     = "bash '${path.module}/process.sh' stop"
    quiet       = true
    environment = { NAME = self.input.name, DIR = self.input.dir, MARKER = self.input.marker }
  }
}
