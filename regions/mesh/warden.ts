/**
 * A shell that outlives a supervisor which was killed -9, and ends what cannot watch a pipe itself: the NATS servers.
 * It is told who joins and leaves; when the pipe ends it gives the region processes time to drain, then nothing is left behind.
 */
import { spawn } from "node:child_process";

const SCRIPT = `pids=
while read -r sign pid; do
  if [ "$sign" = + ]; then pids="$pids $pid"; continue; fi
  kept=
  for one in $pids; do [ "$one" = "$pid" ] || kept="$kept $one"; done
  pids=$kept
done
[ -n "$pids" ] || exit 0
sleep 6
kill $pids 2>/dev/null
sleep 2
kill -9 $pids 2>/dev/null
exit 0`;

export interface Warden {
  readonly pid: number | undefined;
  joined(pid: number): void;
  left(pid: number): void;
  /** Everybody is gone: nothing to watch any more. */
  close(): Promise<void>;
}

/** `data` stands on its command line, so that whoever looks sees to which mesh it belongs. */
export function openWarden(data: string): Warden {
  const shell = spawn("/bin/sh", ["-c", SCRIPT, "atoll-warden", data], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const gone = new Promise<void>((done) => shell.once("exit", () => done()).once("error", () => done()));
  shell.stdin.on("error", () => undefined); // somebody killed it: then the next `up` sweeps
  const say = (line: string): void => {
    if (shell.stdin.writable) shell.stdin.write(`${line}\n`);
  };
  return {
    pid: shell.pid,
    joined: (pid) => say(`+ ${pid}`),
    left: (pid) => say(`- ${pid}`),
    close: async () => {
      shell.stdin.end();
      shell.kill("SIGKILL");
      await gone;
    },
  };
}
