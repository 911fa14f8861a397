/**
 * A process that answers DNS beside others behind one port (ADR 16). The first process watches the mesh and tells it the world; it answers nobody
 * before it has one, nor when it has heard nothing for ten seconds. It ends with the first process, however that ends.
 */
import { DecisionCounts } from "../../geodns/decision-counts.ts";
import { type Batches, type GeoDns, openGeoDns } from "../../geodns/dns-server.ts";
import type { World } from "../../geodns/steering.ts";
import { withParts } from "../../geodns/world-parts.ts";
import { type GeoDatabase, NOWHERE, openGeoDatabase } from "../geo/geo-database.ts";
import { openRealTimers } from "../real-timers.ts";
import { KEPT_MS, type News, type Said, type Serve, type Told } from "./words.ts";

const COUNTS_EVERY_MS = 250;
const PLACES_AGAIN_MS = 1_000;

const timers = openRealTimers();
const decisions = new DecisionCounts();
let world: World = { regions: [], health: new Map() };
let heardMs = Number.NEGATIVE_INFINITY;
let share = 1;
let dns: GeoDns | undefined;

const say = (said: Said, done: () => void = () => {}): void => {
  if (process.connected) process.send?.(said, done);
};

/** The first process, which has read it, says what is wrong with it, once; here is only waited. */
async function openPlaces(path: string | undefined): Promise<GeoDatabase> {
  for (;;) {
    try {
      return path === undefined ? NOWHERE : openGeoDatabase({ path, timers });
    } catch (error) {
      say({ kind: "waits", why: error instanceof Error ? error.message : String(error) });
      await new Promise<void>((done) => timers.after(PLACES_AGAIN_MS, done));
    }
  }
}

/** What takes datagrams by the batch; nothing where that is not to be had: Node's own way does all that it does, slower. */
async function findBatches(): Promise<(port: number) => Batches | undefined> {
  try {
    return (await import("../datagrams/batches.ts")).openBatches;
  } catch {
    return () => undefined;
  }
}

async function serve({ host, port, secret, places, connectionsMost, ...zone }: Serve): Promise<void> {
  const { locate } = await openPlaces(places);
  const openBatches = await findBatches();
  let inBatches = false;
  try {
    dns = await openGeoDns({
      ...{ ...zone, host, port, secret, locate, connectionsMost },
      world: () => world,
      silent: () => timers.monotonicMs() - heardMs > KEPT_MS,
      nowMs: Date.now,
      decided: (decision) => decisions.took(decision),
      batches: (bound) => {
        const batches = openBatches(bound);
        inBatches = batches !== undefined;
        return batches;
      },
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return say({ kind: "refused", code, why: message }, () => process.exit(1));
  }
  dns.limit.share = share;
  say({ kind: "answers", inBatches });
}

function hear({ parts, share: mine }: News): void {
  world = withParts(world, parts);
  heardMs = timers.monotonicMs();
  share = mine;
  if (dns !== undefined) dns.limit.share = share;
  say({ kind: "took" });
}

function tellCounts(): void {
  if (dns === undefined) return;
  const tally = dns.counts.taken();
  const decided = decisions.taken();
  if (tally.answered.length > 0 || tally.unanswered > 0) say({ kind: "counts", dns: tally, decisions: decided });
}

// A terminal and a service manager tell the whole group to end: the first process decides when.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => {});
process.once("disconnect", () => process.exit(0));
process.on("message", (told: Told) => {
  hear(told);
  if (told.kind === "serve") void serve(told.serve);
});
timers.every(COUNTS_EVERY_MS, tellCounts);
say({ kind: "here" });
