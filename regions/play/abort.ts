/** Whoever ends a play early leaves no cut behind: by Ctrl-C, by a limit of time around it, by closing the terminal. */
import type { Io } from "../cli/answer.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Heals and ends the process at such a signal; the second one is not patient. Returns what takes that back. */
export function healOnAbort(io: Io, heal: () => Promise<unknown>): () => void {
  let asked = false;
  const abort = (): void => {
    if (asked) process.exit(1);
    asked = true;
    io.err("aborted: healing\n");
    void heal()
      .catch(() => {})
      .then(() => process.exit(1));
  };
  for (const signal of SIGNALS) process.on(signal, abort);
  return () => {
    for (const signal of SIGNALS) process.off(signal, abort);
  };
}
