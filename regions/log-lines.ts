/**
 * Where a process's log lines go: its standard output. What takes none, a full disk beneath the file or a reader that stands still, neither ends the
 * process nor keeps it from ending (H13): so many wait until they are taken again, later ones are dropped.
 */
import { pino } from "pino";

const WAITING_BYTES = 1_048_576;

export function openLogLines(): ReturnType<typeof pino.destination> {
  const lines = pino.destination({ dest: process.stdout.fd, sync: false, maxLength: WAITING_BYTES });
  let refused = false;
  lines.on("error", () => {
    refused = true;
  });
  lines.on("write", () => {
    refused = false;
  });
  // At the end pino writes what waits until it is taken: where nothing is, that is never.
  process.prependOnceListener("exit", () => {
    if (refused) lines.destroy();
  });
  return lines;
}
