/**
 * What a client pays that comes back: the time of reading what it missed must follow what it missed, not what the region holds (H2). And what a
 * region pays for a peer's tail: in proportion to the tail.
 */
import { loadavg } from "node:os";
import { START, type Vector } from "../core/position.ts";
import { type LoneRegion, openLoneRegion } from "./lone-region.ts";
import { BRIEF, head, median, msSince, ROUNDS, ratioOf, shown } from "./measure.ts";

const STORED = BRIEF ? [5_000, 20_000] : [10_000, 50_000];
const MISSED = [100, 1_000];
const READS = 40;

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

interface Case {
  readonly stored: number;
  readonly missed: number;
  readonly one: LoneRegion;
  readonly from: Vector;
  readonly ours: number[];
  readonly bare: number[];
}

function timed(once: () => number, wanted: number, times: number[]): void {
  const began = performance.now();
  const events = once();
  times.push(msSince(began));
  if (events !== wanted) throw new Error(`${events} events instead of ${wanted}`);
}

head("catch-up: time to read what was missed, by what is stored");
const regions: LoneRegion[] = [];
const cases: Case[] = [];
for (const stored of STORED) {
  const one = await openLoneRegion();
  regions.push(one);
  await one.send(stored);
  const before = one.region.replica.vector;
  await one.send((MISSED[1] ?? 0) - (MISSED[0] ?? 0));
  const middle = one.region.replica.vector;
  await one.send(MISSED[0] ?? 0);
  // Into the store, where what was missed usually is.
  while (one.region.health().rowsAhead > 0) await new Promise((later) => setTimeout(later, 50));
  for (const [missed = 0, from] of [
    [MISSED[0], middle],
    [MISSED[1], before],
  ] as const)
    cases.push({ stored, missed, one, from, ours: [], bare: [] });
}
for (let round = 0; round < READS * ROUNDS; round += 1)
  for (const { one, from, missed, ours, bare } of cases) {
    timed(() => read(one, from), missed, ours);
    timed(() => rawRead(one, from), missed, bare);
  }
console.log("| stored | missed | ours ms | bare range ms | ours / bare |\n| ---: | ---: | ---: | ---: | ---: |");
for (const { stored, missed, ours, bare } of cases)
  console.log(`| ${stored} | ${missed} | ${shown(median(ours))} | ${shown(median(bare))} | ${ratioOf(median(ours), median(bare))} |`);
const time = (stored: number | undefined, missed: number | undefined): number =>
  median(cases.find((one) => one.stored === stored && one.missed === missed)?.ours ?? []);
const byStored = time(STORED[1], MISSED[1]) / time(STORED[0], MISSED[1]);
const byMissed = time(STORED[1], MISSED[1]) / time(STORED[1], MISSED[0]);
const verdict = (holds: boolean): string => (holds ? "holds" : "MISSED");
console.log(
  `slopes: ${(STORED[1] ?? 0) / (STORED[0] ?? 1)}x stored costs ${shown(byStored)}x (target 1x, below 1.5x): ${verdict(byStored < 1.5)}`,
);
console.log(`        10x missed costs ${shown(byMissed)}x (target 10x, below 13x): ${verdict(byMissed < 13)}`);
console.log(`load at the end ${loadavg()[0]?.toFixed(1)}`);
for (const one of regions) await one.stop();
