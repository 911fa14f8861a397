/** What a gateway looks at again and again: lines that are slow or gone, tokens that end, tables that should agree, watermarks that wait. */
import type { Context } from "./context.ts";
import type { DocumentDoor } from "./documents/document-door.ts";
import { checkRoutes } from "./routing.ts";
import type { SyncNews } from "./sync-news.ts";

const SWEEP_MS = 1_000;
/** The routing table is kept for the next start this often, and when the gateway drains. */
const KEEP_MS = 300_000;

/** Returns what ends them. */
export function beginSweeps(context: Context, syncNews: SyncNews, documents: DocumentDoor | undefined): () => void {
  const { parts, limits, lines, routing, members } = context;
  const { timers, metrics, reader } = parts;
  const checkSome = checkRoutes(routing, reader, () => metrics.routingMismatches.inc({ in: "followers" }));
  for (const part of ["members", "followers"]) metrics.routingMismatches.inc({ in: part }, 0);
  const sweeps = [
    timers.every(SWEEP_MS, () => {
      for (const line of lines) line.check();
      documents?.check();
      for (const connection of routing.connections()) connection.checkToken();
      syncNews.tellWatermarks();
      checkSome();
      members?.sweep();
      metrics.routingEntries.set(routing.entries + (members?.entries ?? 0));
    }),
    timers.every(KEEP_MS, () => void members?.save()),
    timers.every(limits.pingMs, () => {
      for (const line of lines) line.probe();
      documents?.probe();
    }),
  ];
  return () => {
    for (const sweep of sweeps) sweep.cancel();
  };
}
