/** What a replica's tables must hold of a set of events, computed from the whole set at once: no order, nothing kept from before. */
import { canonical } from "../../core/canonical.ts";
import { conflictId } from "../../core/conflict-records.ts";
import { distrustOf } from "../../core/distrust.ts";
import type { Placed } from "../../core/event.ts";
import { addHash, EMPTY_SUM, sha256 } from "../../core/hash.ts";
import type { TableName, TableReader } from "../../core/ports/state-store.ts";
import type { Entry, Register, RegisterKey, Seen } from "../../core/register.ts";
import { readKey } from "../../core/register.ts";
import { resolve, UNRESOLVED } from "../../core/resolve.ts";
import { standings } from "../../core/rights.ts";
import { stampIso, stampRegion } from "../../core/stamp.ts";
import { versionKey } from "../../core/versions.ts";
import { writesOf } from "../../core/writes.ts";

type Rows = Readonly<Record<string, unknown>>;
export type Whole = Readonly<Record<string, Rows>>;

interface Gathered {
  readonly key: RegisterKey;
  readonly entries: Entry[];
  readonly seen: Seen[];
}

/** Tables that follow from the set of events alone; `conflicts` apart, in which ids of joined groups may stay. */
export const COMPARED = ["registers", "digests", "timeline", "memberships", "contested", "losers", "channelConflicts"] as const;

function gathered(events: readonly Placed[]): ReadonlyMap<RegisterKey, Gathered> {
  const registers = new Map<RegisterKey, Gathered>();
  for (const { event, position } of events)
    for (const write of writesOf(event, position, sha256(canonical(event)))) {
      let register = registers.get(write.key);
      if (register === undefined) registers.set(write.key, (register = { key: write.key, entries: [], seen: [] }));
      if ("entry" in write) register.entries.push(write.entry);
      else register.seen.push(write.seen);
    }
  for (const { entries, seen } of registers.values()) {
    entries.sort(byStamp);
    seen.sort(byStamp);
  }
  return registers;
}

export function fromScratch(events: readonly Placed[]): Whole {
  const all = gathered(events);
  const witnesses = events.flatMap(({ event, position }) =>
    event.kind === "clock.witnessed" ? [{ ...event.data, by: stampRegion(event.stamp), position }] : [],
  );
  const isDistrusted = distrustOf(witnesses);
  const whole: Record<string, Record<string, unknown>> = Object.fromEntries(COMPARED.map((table) => [table, {}]));
  const put = (table: (typeof COMPARED)[number], key: string, value: unknown): void => {
    (whole[table] as Record<string, unknown>)[key] = value;
  };
  for (const register of all.values()) {
    const standing = standings(register, { lookup: (key) => all.get(key), witnesses });
    const resolution = resolve(register, { isDistrusted, standing });
    const sum = register.entries.reduce((total, { hash }) => addHash(total, hash), EMPTY_SUM);
    const made: Register = { ...register, count: register.entries.length, sum, resolution: { ...UNRESOLVED, ...resolution } };
    put("registers", made.key, made);
    rowsOf(made, put, whole["digests"] as Record<string, string>);
  }
  return whole;
}

const byStamp = (a: { readonly stamp: string }, b: { readonly stamp: string }): number => (a.stamp < b.stamp ? -1 : 1);

function rowsOf(
  register: Register,
  put: (table: (typeof COMPARED)[number], key: string, value: unknown) => void,
  digests: Record<string, string>,
): void {
  const { key, entries, seen, count, sum, resolution } = register;
  const { channel, kind, ids } = readKey(key);
  const { winner, heads, records, value } = resolution;
  const commitment = entries.find(({ stamp }) => stamp === winner)?.content ?? null;
  const least = [...(entries.length > 0 ? entries : seen)].sort(byStamp)[0]?.stamp;
  const bucket = `${channel}|${least === undefined ? "-" : stampIso(least).slice(0, 10)}`;
  digests[bucket] = addHash(digests[bucket] ?? EMPTY_SUM, sha256(canonical([key, winner, commitment, heads, count, sum])));
  const hidden = [...resolution.pending, ...resolution.void];
  const born = entries
    .filter((entry) => entry.kind === "sent" && !hidden.includes(entry.stamp))
    .map(({ stamp }) => stamp)
    .sort()[0];
  if (kind === "body" && born !== undefined) put("timeline", `${channel}|${born}|${ids[0]}`, ids[0]);
  if (kind === "member" && value !== null) put("memberships", `${ids[0]}|${channel}`, winner);
  if (heads.length > 1 || records.length > 0) put("contested", key, true);
  for (const { id, losers, state } of records) {
    put("channelConflicts", `${channel}|${id}`, true);
    for (const loser of state === "open" ? losers : []) {
      const { author, ...one } = entries.find(({ stamp }) => stamp === loser) as Entry;
      const names = entries.filter((entry) => versionKey(entry) === versionKey({ author, ...one })).map(({ stamp }) => stamp);
      if (!seen.some((marker) => marker.author === author && marker.of.some((of) => names.includes(of))))
        put("losers", `${author}|${id}`, true);
    }
  }
}

export const rowsIn = (tables: TableReader, table: TableName): Rows => Object.fromEntries(tables.range(table, { from: "", to: "\u{7f}" }));

/** Every id by which anybody may ask for a record of the register, anywhere: made of the key of any member (alias rule). */
export function idsOf({ key, entries, resolution }: Register): readonly (readonly [id: string, record: string])[] {
  const own = resolution.records.map(({ id }) => [id, id] as const);
  const members = resolution.records.flatMap(({ id, versions }) =>
    entries.filter(({ stamp }) => versions.includes(stamp)).map((entry) => [conflictId(key, versionKey(entry)), id] as const),
  );
  return [...own, ...members.filter(([id]) => !own.some(([one]) => one === id))];
}
