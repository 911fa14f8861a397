# One region in Kubernetes. Applied once a region, each with its own state and lock:
#   terraform init -backend-config=state.tfbackend -backend-config=key=regions/us.tfstate
#   terraform apply -var region=us …
terraform {
  backend "s3" {
    use_lockfile = true
  }
}

locals {
  topology = jsondecode(file(var.topology_file))
  self     = one([for r in local.topology.regions : r if r.name == var.region])
}

provider "kubectl" {
  config_path      = var.kubeconfig
  config_context   = try(coalesce(var.context, try(local.self.providers.kubernetes.context, null)), null)
  load_config_file = true
}

module "config" {
  source = "../../modules/mesh-config"

  topology  = local.topology
  placement = "hosts"
  data_dir  = "/data/{region}"
}

module "region" {
  source = "../../modules/region-kubernetes"

  name      = var.region
  namespace = try(local.self.providers.kubernetes.namespace, "atoll")
  manifests = file(var.manifests_file)
  region    = module.config.regions[var.region]
}
