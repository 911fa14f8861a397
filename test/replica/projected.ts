/** A replica with a projection into a history store, and what the store must hold of it in the end. */
import type { Placed } from "../../core/event.ts";
import type { HistoryStore, StoredMessage } from "../../core/ports/history-store.ts";
import { placeOf } from "../../core/ports/history-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import type { ConflictRecord, Entry } from "../../core/register.ts";
import { readKey } from "../../core/register.ts";
import { historySink, messageWrite } from "../../reconciliation/history-sink.ts";
import type { VirtualTime } from "../../reconciliation/links.test-model.ts";
import type { ProjectionWatch, Sink } from "../../reconciliation/projection.ts";
import { Projection } from "../../reconciliation/projection.ts";
import type { OpenReplica } from "./one-region.ts";
import { openReplica } from "./one-region.ts";

export interface ProjectedOptions {
  readonly region?: string;
  readonly history: HistoryStore;
  readonly time: VirtualTime;
  readonly grown?: OpenReplica;
  readonly series?: string;
  readonly watch?: Partial<ProjectionWatch>;
  readonly bounds?: object;
  readonly around?: (sink: Sink) => Sink;
}
export interface Projected {
  readonly grown: OpenReplica;
  readonly projection: Projection;
  apply(events: readonly Placed[]): Promise<void>;
}

export function openProjected({
  region = "xx",
  history,
  time,
  grown = openReplica(region),
  series = "one",
  ...more
}: ProjectedOptions): Projected {
  const sink = historySink(history, region, grown.store);
  const projection = new Projection({
    sink: more.around?.(sink) ?? sink,
    store: grown.store,
    series,
    timers: time,
    nowMs: () => time.nowMs,
    random: () => 0.5,
    ...(more.watch === undefined ? {} : { watch: more.watch }),
    ...(more.bounds === undefined ? {} : { bounds: more.bounds }),
  });
  projection.nudge();
  return {
    grown,
    projection,
    apply: async (events) => {
      for (const placed of events) grown.replica.apply(placed);
      await grown.tables.commit();
      projection.nudge();
    },
  };
}

export interface Whole {
  readonly messages: readonly StoredMessage[];
  readonly versions: readonly (readonly [message: string, entries: readonly Entry[]])[];
  readonly conflicts: readonly (readonly [id: string, record: ConflictRecord])[];
}

/** What the registers say. */
export function expectedOf({ tables }: OpenReplica): Whole {
  const registers = [...tables.range("registers", keysUnder(""))].map(([, register]) => register);
  const bodies = registers.filter(({ key }) => readKey(key).kind === "body");
  return {
    messages: bodies
      .flatMap(({ key }) => messageWrite(tables, key, 0) ?? [])
      .map(({ word: _, formerly: __, ...message }) => message)
      .sort(byPlace),
    versions: bodies.map(({ key, entries }) => [key, entries] as const),
    conflicts: registers.flatMap(({ resolution }) => resolution.records.map((record) => [record.id, record] as const)).sort(byFirst),
  };
}

/** What the store says of the same messages and channels. */
export async function heldBy(history: HistoryStore, { tables }: OpenReplica): Promise<Whole> {
  const keys = [...tables.range("registers", keysUnder(""))].map(([key]) => key);
  const channels = [...new Set(keys.map((key) => readKey(key).channel))];
  const messages: StoredMessage[] = [];
  const conflicts: (readonly [string, ConflictRecord])[] = [];
  for (const channel of channels) {
    messages.push(...(await history.page(channel, { limit: 10_000 })));
    conflicts.push(...(await history.conflicts(channel, { limit: 10_000 })).map(({ id, record }) => [id, record] as const));
  }
  const versions: (readonly [string, readonly Entry[]])[] = [];
  for (const key of keys.filter((one) => readKey(one).kind === "body")) {
    const { channel, ids } = readKey(key);
    versions.push([key, await history.versions(channel, ids[0] ?? "")]);
  }
  return { messages: messages.sort(byPlace), versions, conflicts: conflicts.sort(byFirst) };
}

const byPlace = (a: StoredMessage, b: StoredMessage): number => (`${a.channel}|${placeOf(a)}` < `${b.channel}|${placeOf(b)}` ? -1 : 1);
const byFirst = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);
