/**
 * What a client pays that comes back: the time of reading what it missed must follow what it missed, not what the region holds (H2). And what a
 * region pays for a peer's tail: in proportion to the tail.
 */
import { START, type Vector } from "../core/position.ts";
import { type LoneRegion, openLoneRegion } from "./lone-region.ts";
import { BRIEF, head, median, msSince, ROUNDS, ratioOf, shown } from "./measure.ts";

const STORED = BRIEF ? [5_000, 20_000] : [10_000, 50_000];
const MISSED = [100, 1_000];
const READS = 40;

/** Where a client stood that lacks the last `missed` events. */
async function cursorBefore(one: LoneRegion, missed: number): Promise<Vector> {
  const before = one.region.replica.vector;
  await one.send(missed);
  return before;
}

function read(one: LoneRegion, from: Vector): number {
  const channel = one.region.reader.memberChannel({ user: "author-0", roles: ["user"] }, one.channel);
  const to = one.region.reader.applied();
  let events = 0;
  for (let at = from; ; ) {
    const page = one.region.reader.missed("author-0", { channels: [channel], own: true, from: at, to, limit: 200 });
    events += page.items.length;
    if (page.complete) return events;
    at = page.cursor;
  }
}

/** The same rows without the merge, wire shape and membership check: one range of the store. */
function rawRead(one: LoneRegion, from: Vector): number {
  const channel = one.region.reader.memberChannel({ user: "author-0", roles: ["user"] }, one.channel);
  const { sequence } = from["us"] ?? START;
  let rows = 0;
  for (const [, placed] of one.store.range("events", { from: `${channel}|us|`, to: `${channel}|us|\u{7f}`, reverse: true })) {
    if (placed.position.sequence <= sequence) break;
    rows += 1;
  }
  return rows;
}

const took = (once: () => number, wanted: number): number => {
  const times: number[] = [];
  for (let i = 0; i < READS * ROUNDS; i += 1) {
    const began = performance.now();
    const events = once();
    times.push(msSince(began));
    if (events !== wanted) throw new Error(`${events} events instead of ${wanted}`);
  }
  return median(times);
};

head("catch-up: time to read what was missed, by what is stored");
console.log("| stored | missed | ours ms | bare range ms | ours / bare |\n| ---: | ---: | ---: | ---: | ---: |");
const times = new Map<string, number>();
for (const stored of STORED) {
  const one = await openLoneRegion();
  await one.send(stored);
  for (const missed of MISSED) {
    const from = await cursorBefore(one, missed);
    // Into the store, where what was missed usually is.
    while (one.region.health().rowsAhead > 0) await new Promise((later) => setTimeout(later, 50));
    const ours = took(() => read(one, from), missed);
    const bare = took(() => rawRead(one, from), missed);
    times.set(`${stored} ${missed}`, ours);
    console.log(`| ${stored} | ${missed} | ${shown(ours)} | ${shown(bare)} | ${ratioOf(ours, bare)} |`);
  }
  await one.stop();
}
const time = (stored: number | undefined, missed: number | undefined): number => times.get(`${stored} ${missed}`) ?? Number.NaN;
const byStored = time(STORED[1], MISSED[1]) / time(STORED[0], MISSED[1]);
const byMissed = time(STORED[1], MISSED[1]) / time(STORED[1], MISSED[0]);
console.log(
  `slopes: ${(STORED[1] ?? 0) / (STORED[0] ?? 1)}x stored costs ${shown(byStored)}x (wanted 1x, holds below 1.5x): ${byStored < 1.5 ? "holds" : "MISSED"}`,
);
console.log(`        10x missed costs ${shown(byMissed)}x (wanted at most 10x, holds below 13x): ${byMissed < 13 ? "holds" : "MISSED"}`);
