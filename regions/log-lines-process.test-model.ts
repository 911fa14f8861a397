/** A process of its own for the test that gives it nowhere to write: says many lines, tells its parent that it lives, and ends badly when it is told to. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import { openLogLines } from "./log-lines.ts";

const log = pino({}, openLogLines());
for (let line = 0; line < 500; line += 1) {
  log.info({ line }, "a line that nothing takes");
  await nextTurn();
}
process.on("message", () => {
  throw new Error("an end that nobody has asked for");
});
process.send?.("alive");
