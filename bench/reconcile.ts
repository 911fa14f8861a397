/**
 * The reconciler alone: a peer's log through gate and replica into LMDB, against a loop that reads the same messages from the same server and
 * parses them.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsConnection } from "nats";
import { recordById } from "../core/conflict-records.ts";
import type { StateStore, TableWrite } from "../core/ports/state-store.ts";
import { Committer } from "../reconciliation/committer.ts";
import { Gate } from "../reconciliation/gate.ts";
import { openLoneRegisters } from "../reconciliation/lone-registers.ts";
import { regionView } from "../reconciliation/region-view.ts";
import { Replica } from "../reconciliation/replica.ts";
import { WorkingSet } from "../reconciliation/working-set.ts";
import { openLmdbStore } from "../regions/embedded/lmdb-store.ts";
import { openPull } from "../regions/nats/pull.ts";
import { openRealTimers } from "../regions/real-timers.ts";
import { head, inTurns, msSince, shown, sizeOf, tell } from "./measure.ts";
import { startMesh } from "./mesh.ts";
import { Person } from "./person.ts";

const EVENTS = sizeOf(10_000, 4_000);
const AUTHORS = 128;

/** Reads the whole log once. */
async function consume(
  nats: NatsConnection,
  upTo: number,
  take: (sequence: number, text: string) => Promise<void> | undefined,
): Promise<void> {
  const pull = await openPull(nats, { api: "$JS.API", stream: "OPS_us_1", after: 0, timeoutMs: 5_000 });
  for (let at = 0; at < upTo; ) {
    const batch: [number, string][] = [];
    await pull.round({ batch: Math.min(100, upTo - at), waitMs: 1_000 }, ({ sequence, message }) => {
      batch.push([sequence, message.string()]);
      at = sequence;
      return true;
    });
    for (const [sequence, text] of batch) await take(sequence, text);
  }
  pull.drop();
}

/** What the reconciler committed last: the floor writes the same rows. */
let commits: (readonly TableWrite[])[] = [];

async function inFolder<T>(run: (store: StateStore) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
  const store = openLoneRegisters(await openLmdbStore({ directory: join(folder, "store") }));
  const result = await run(store);
  await store.close();
  await rm(folder, { recursive: true, force: true });
  return result;
}

async function reconcile(nats: NatsConnection, upTo: number, onDisk: StateStore): Promise<number> {
  commits = [];
  const commit = (writes: readonly TableWrite[]): Promise<void> => {
    commits.push(writes);
    return onDisk.commit(writes);
  };
  const store: StateStore = { ...onDisk, commit };
  const tables = new WorkingSet(store);
  const committer = new Committer({ tables, timers: openRealTimers(), before: () => {}, refused: () => {}, committed: () => {} });
  let events = 0;
  const replica: Replica = new Replica({
    region: "eu",
    tables,
    nowMs: () => Date.now(),
    view: (self) => regionView(tables, () => self.vector, recordById),
    applied: () => {
      events += 1;
      committer.soon();
    },
    distrusted: () => {},
  });
  const gate = new Gate({
    origin: "us",
    epoch: 1,
    after: 0,
    room: () => true,
    take: (placed) => {
      for (const one of placed) replica.apply(one);
    },
    quarantine: () => {
      throw new Error("an honest log was refused");
    },
  });
  const began = performance.now();
  await consume(nats, upTo, (sequence, text) => {
    gate.accept(sequence, text);
    return committer.full ? committer.flush() : undefined;
  });
  await committer.flush();
  const ms = msSince(began);
  committer.close();
  return (events * 1000) / ms;
}

async function parse(nats: NatsConnection, upTo: number): Promise<number> {
  let events = 0;
  const began = performance.now();
  await consume(nats, upTo, (_, text) => {
    events += (JSON.parse(text) as unknown[]).length;
    return undefined;
  });
  return (events * 1000) / msSince(began);
}

type Which = (write: TableWrite) => boolean;
const EVERY_ROW: Which = () => true;
const EVENT_ROW: Which = ({ table }) => table === "events";

/** No law, no digest, no index: the rows that come out are simply written, or of them only the event itself. */
async function parseAndStore(nats: NatsConnection, upTo: number, store: StateStore, which = EVERY_ROW): Promise<number> {
  const rows = commits.map((writes) => writes.filter(which));
  const began = performance.now();
  let events = 0;
  await consume(nats, upTo, (_, text) => {
    events += (JSON.parse(text) as unknown[]).length;
    return undefined;
  });
  for (const writes of rows) await store.commit(writes);
  return (events * 1000) / msSince(began);
}

const mesh = await startMesh(["us"]);
try {
  const people = await Promise.all(
    Array.from({ length: AUTHORS }, async (_, i) => Person.connect(mesh.url("us"), await mesh.tokenOf(`author-${i}`))),
  );
  const [owner] = people as [Person];
  const members = Array.from({ length: AUTHORS - 1 }, (_, i) => `author-${i + 1}`);
  const channel = String((await owner.command({ kind: "channel.create", name: "bench", members }))["id"]);
  await Promise.all(
    people.map(async (person, nth) => {
      for (let i = nth; i < EVENTS; i += AUTHORS) await person.send(channel, `message ${i} of a long talk between many people`);
    }),
  );
  for (const person of people) person.close();
  await mesh.stopRegion("us");
  const { nats } = await mesh.tiers.connect("us");
  const info = (await nats.request("$JS.API.STREAM.INFO.OPS_us_1", "")).json<{ readonly state: { readonly last_seq: number } }>();
  const upTo = info.state.last_seq;
  head(`reconcile: ${EVENTS} events in ${upTo} messages of a peer's log`, { "nats-server": mesh.serverVersion });
  const ours = (): Promise<number> => inFolder((store) => reconcile(nats, upTo, store));
  const stored = (): Promise<number> => inFolder((store) => parseAndStore(nats, upTo, store));
  await parse(nats, upTo);
  await ours();
  const rows = commits.reduce((sum, writes) => sum + writes.length, 0);
  console.log(`${shown(rows / EVENTS)} rows an event`);
  const against = await inTurns(ours, () => parse(nats, upTo));
  const beside = await inTurns(ours, stored);
  const least = await inTurns(
    () => inFolder((store) => parseAndStore(nats, upTo, store, EVENT_ROW)),
    () => parse(nats, upTo),
  );
  const name = "gate + replica + LMDB";
  tell([
    { name, unit: "events/s", ...against, target: ">= 0.5x consume and parse", holds: (a, b) => a / b >= 0.5 },
    { name, unit: "events/s", ...beside, target: ">= 0.5x consume, parse, store the rows", holds: (a, b) => a / b >= 0.5 },
    // What nobody can be faster than who keeps events at all.
    { name: "consume, parse, store one row an event", unit: "events/s", ...least, target: "told", holds: () => true },
  ]);
} finally {
  await mesh.stop();
}
