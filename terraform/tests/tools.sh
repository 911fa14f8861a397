#!/usr/bin/env bash
# Brings the tools that the heavier proofs need, into $ATOLL_TOOLS/bin (default: the user's cache), by ordinary clients only: Go's module proxy,
# pip, apt-get download. Versions are pinned. Cold builds take minutes of CPU each; with Go's cache kept all are back in two.
# usage: tools.sh NAME...     names: helm tofu kube provider-kubectl etcd promtool sshd kubernetes-validate checkov
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ATOLL_TOOLS=${ATOLL_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/atoll/tools}
BIN=$ATOLL_TOOLS/bin
mkdir -p "$BIN"
export GOTOOLCHAIN=local GOFLAGS=-trimpath CGO_ENABLED=0

install_go() { GOBIN=$BIN nice -n 15 go install -p 2 -ldflags '-s -w' "$1"; }

# A program whose module replaces others cannot be installed by `go install`: it is built from a module of our own that repeats the replacements.
# build_go NAME MODULE@VERSION PACKAGE
build_go() {
  local dir=$ATOLL_TOOLS/build/$1 module=${2%@*} version=${2#*@} theirs
  mkdir -p "$dir" && cd "$dir"
  theirs=$(go mod download -json "$2" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  {
    printf 'module tools\n\n%s\n\n' "$(grep '^go ' "$theirs")"
    grep -E '^replace [^(]*=> [^.]' "$theirs" || true
    printf 'require %s %s\n\ntool %s\n' "$module" "$version" "$3"
  } >go.mod
  go mod tidy
  nice -n 15 go build -p 2 -ldflags '-s -w' -o "$BIN/$1" "$3"
}

# Kubernetes' control plane as one program: its staging modules are replaced by their published versions.
build_kube() {
  local minor=33.13 dir=$ATOLL_TOOLS/build/kube theirs
  mkdir -p "$dir" && cp "$HERE/kube/main.go" "$dir" && cd "$dir"
  theirs=$(go mod download -json "k8s.io/kubernetes@v1.$minor" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
  {
    printf 'module kube\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v1.%s\n\nreplace (\n' "$minor"
    sed -n 's/^[[:space:]]*\(k8s\.io\/[a-z-]*\) => .*/\1/p' "$theirs" | sed "s/.*/\t& => & v0.$minor/"
    printf ')\n'
  } >go.mod
  go mod tidy
  local v=k8s.io/component-base/version
  nice -n 15 go build -p 2 -ldflags "-s -w -X $v.gitVersion=v1.$minor -X $v.gitMajor=1 -X $v.gitMinor=${minor%.*}" -o "$BIN/kube" .
}

# Unpacked, not installed, so that no service starts.
unpack_deb() {
  local dir=$ATOLL_TOOLS/deb package=$1 program=$2
  mkdir -p "$dir" && cd "$dir"
  apt-get download -qq "$package" 2>/dev/null || { apt-get update -qq && apt-get download -qq "$package" 2>/dev/null; }
  dpkg -x "$package"_*.deb "$package"
  ln -sf "$(find "$dir/$package/usr" -name "$program" -type f -perm -u+x | head -n 1)" "$BIN/$program"
}

python_tool() { # python_tool NAME REQUIREMENT
  python3 -m venv "$ATOLL_TOOLS/python/$1"
  "$ATOLL_TOOLS/python/$1/bin/pip" install -q "$2"
  ln -sf "$ATOLL_TOOLS/python/$1/bin/$1" "$BIN/$1"
}

for name in "$@"; do
  [ ! -x "$BIN/$name" ] || continue
  echo "tools: $name" >&2
  case $name in
    helm) install_go helm.sh/helm/v3/cmd/helm@v3.22.0 ;;
    provider-kubectl) install_go github.com/gavinbunney/terraform-provider-kubectl@v1.19.0 && mv "$BIN/terraform-provider-kubectl" "$BIN/provider-kubectl" ;;
    tofu) (build_go tofu github.com/opentofu/opentofu@v1.12.6 github.com/opentofu/opentofu/cmd/tofu) ;;
    kube) (build_kube) ;;
    etcd) (unpack_deb etcd-server etcd) ;;
    promtool) (unpack_deb prometheus promtool) ;;
    sshd) (unpack_deb openssh-server sshd) ;;
    kubernetes-validate) python_tool kubernetes-validate kubernetes-validate==1.37.0 ;;
    checkov) python_tool checkov checkov==3.3.30 ;;
    *) echo "tools: $name is unknown" >&2 && exit 2 ;;
  esac
done
