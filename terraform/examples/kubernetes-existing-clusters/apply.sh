#!/usr/bin/env bash
# Applies one region to its existing cluster: its chart rendered, its keys as a Secret, its own state. usage: ./apply.sh REGION KUBECONFIG [terraform arguments]
# Before: atoll keys --topology regions.json --out keys --tls; state.tfbackend names your bucket (bucket = "…", region = "…").
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
region=$1 kubeconfig=$2
shift 2
here=$PWD
mkdir -p rendered
helm template "$region" ../../../deploy/helm/atoll --kube-version 1.33 --set region="$region" --set-file topology=regions.json >"rendered/$region.yaml"

kubectl --kubeconfig "$kubeconfig" create namespace atoll --dry-run=client -o yaml | kubectl --kubeconfig "$kubeconfig" apply -f - >/dev/null
kubectl --kubeconfig "$kubeconfig" -n atoll create secret generic atoll-keys --from-file="keys/$region" --dry-run=client -o yaml |
  kubectl --kubeconfig "$kubeconfig" -n atoll apply --server-side --force-conflicts -f - >/dev/null

export TF_DATA_DIR=$here/.terraform-$region
terraform -chdir=../../roots/region init -input=false -backend-config="$here/state.tfbackend" -backend-config="key=regions/$region.tfstate"
terraform -chdir=../../roots/region apply "$@" \
  -var region="$region" -var topology_file="$here/regions.json" -var manifests_file="$here/rendered/$region.yaml" -var kubeconfig="$(realpath "$kubeconfig")"
