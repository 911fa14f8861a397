#!/usr/bin/env bash
# start: writes the files, starts the process in a session of its own, waits until it serves. stop: ends it by its pid, asked first; its data stay.
set -euo pipefail
umask 077

alive() { # ours, not somebody who got its number
  local pid
  pid=$(cat "$DIR/$NAME.pid" 2>/dev/null) && [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$1"
}

start() {
  mkdir -p "$DIR"
  local name data word command=()
  while read -r name data; do [ -z "$name" ] || { printf %s "$data" | base64 -d >"$DIR/$name.next" && mv "$DIR/$name.next" "$DIR/$name"; }; done <<<"$FILES"
  while read -r name data; do [ -z "$name" ] || install -m 600 "$(printf %s "$data" | base64 -d)" "$DIR/$name"; done <<<"$SECRETS"
  while read -r word; do command+=("$(printf %s "$word" | base64 -d)"); done <<<"$COMMAND"
  (
    cd "$DIR"
    unset "${!ATOLL_@}" # what is meant for another Atoll
    set -a
    # shellcheck disable=SC1090
    . "$SECRET_ENV"
    set +a
    unset FILES SECRETS COMMAND SECRET_ENV
    exec setsid "${command[@]}" </dev/null >>"$DIR/$NAME.log" 2>&1
  ) &
  local pid=$!
  echo "$pid" >"$DIR/$NAME.pid"
  for _ in $(seq $((PATIENCE * 5))); do
    # Our own process must live: an answer alone may come from a stranger on the same port.
    kill -0 "$pid" 2>/dev/null || { echo "$NAME ended at once; the last of $DIR/$NAME.log:" >&2 && tail -n 5 "$DIR/$NAME.log" >&2 && exit 1; }
    if curl -fsS -m 2 -o /dev/null "$HEALTH" 2>/dev/null && sleep 0.1 && kill -0 "$pid" 2>/dev/null; then
      printf %s "$GENERATION" >"$DIR/$NAME.generation"
      return
    fi
    sleep 0.2
  done
  kill "$pid"
  echo "$NAME does not serve after $PATIENCE s ($HEALTH); its log: $DIR/$NAME.log" >&2
  exit 1
}

stop() {
  local pid
  if alive "$MARKER"; then
    pid=$(cat "$DIR/$NAME.pid")
    kill "$pid"
    for _ in $(seq 150); do alive "$MARKER" || break; sleep 0.1; done
    ! alive "$MARKER" || kill -9 "$pid"
  fi
  rm -f "$DIR/$NAME.pid" "$DIR/$NAME.generation"
}

"$1"
