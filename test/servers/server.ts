/** What starters of real servers share: a port that stays free, and waiting for a state instead of a time. */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below the range from which the system gives ports to outgoing connections: one that is free stays free until the server takes it. */
const PORTS = { from: 12_000, count: 20_000 };
const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + randomInt(PORTS.count);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

/** Resolves with how long it took, ms. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<number> {
  const startMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - startMs;
}
