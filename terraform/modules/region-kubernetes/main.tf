# A region in a cluster that is there: every object of the rendered chart, applied by the server. What somebody changes or deletes by hand is seen and put right.
# Keys are no resource: kubectl create secret generic atoll-keys --from-file=keys/<region>
data "kubectl_file_documents" "chart" {
  content = var.manifests
}

resource "kubectl_manifest" "namespace" {
  yaml_body = yamlencode({
    apiVersion = "v1"
    kind       = "Namespace"
    metadata = {
      name = var.namespace
      labels = {
        "atoll/region"                       = var.name
        "pod-security.kubernetes.io/enforce" = "restricted"
      }
    }
  })
}

resource "kubectl_manifest" "object" {
  for_each   = data.kubectl_file_documents.chart.manifests
  depends_on = [kubectl_manifest.namespace]

  yaml_body          = each.value
  override_namespace = var.namespace
  server_side_apply  = true
  force_conflicts    = true # what was scaled by hand is put back
}
