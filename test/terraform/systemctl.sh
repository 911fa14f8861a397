#!/usr/bin/env bash
# Stands in for systemctl where no systemd runs: starts and stops what the units in UNITS say, as the unit's ExecStart and EnvironmentFile.
# usage: UNITS=dir systemctl.sh daemon-reload | enable UNIT... | restart UNIT... | disable --now UNIT...
set -euo pipefail
value() { sed -n "s/^$1=//p" "$UNITS/$2"; }
stop() {
  local pid
  pid=$(cat "$UNITS/$1.pid" 2>/dev/null || true)
  [ -n "$pid" ] && kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  rm -f "$UNITS/$1.pid"
}
start() {
  local file
  file=$(value EnvironmentFile "$1")
  (
    set -a
    [ -z "$file" ] || . "$file"
    set +a
    # shellcheck disable=SC2046
    exec setsid $(value ExecStart "$1") </dev/null >>"$UNITS/$1.log" 2>&1
  ) &
  echo $! >"$UNITS/$1.pid"
}
command=$1
shift
for unit in "$@"; do
  case $command in
    restart) stop "$unit" && start "$unit" ;;
    disable) [ "$unit" = --now ] || stop "$unit" ;;
    enable) [ -f "$UNITS/$unit" ] ;;
  esac
done
