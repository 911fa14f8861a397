/** Digests (semantics D9): equal states have equal bytes, whatever the order, repetition or batching (S5). */
import { canonical } from "./canonical.ts";
import type { Json } from "./event.ts";
import { sha256 } from "./hash.ts";
import type { Entry, Register } from "./register.ts";
import type { Stamp } from "./stamp.ts";
import { stampTimeMs } from "./stamp.ts";

/** Canonical JSON of [key, winner, commitment of the value, heads, count, sum]. The value enters by its commitment, so that erasure keeps digests equal (H9). */
export function registerBytes({ key, entries, count, sum, resolution }: Register): string {
  const { winner, heads, value } = resolution;
  const entry = entries.findLast(({ stamp }) => stamp === winner);
  return JSON.stringify([key, winner, entry === undefined ? null : commitment(entry, value), heads, count, sum]);
}

/** What the winner says of its own value; of a merged text, which nobody wrote, the hash. */
const commitment = (winner: Entry, value: Json): string =>
  winner.value === value || canonical(winner.value) === canonical(value) ? winner.content : sha256(canonical(value));

/** What a register adds to the digest of its channel and day (D9). */
export const registerTerm = (register: Register): string => sha256(registerBytes(register));

/** The day of the register's smallest stamp, UTC; a smaller one moves it. Entries stand in order of stamps. */
export function bucketOf({ entries, seen }: Register): string {
  const least: Stamp | undefined = (entries[0] ?? seen[0])?.stamp;
  return least === undefined ? "-" : dayOf(Math.floor(stampTimeMs(least) / DAY_MS));
}

const DAY_MS = 86_400_000;
/** "2026-01-05" of a number of days since 1970. */
function dayOf(days: number): string {
  if (days !== lastDays) [lastDays, lastDay] = [days, new Date(days * DAY_MS).toISOString().slice(0, 10)];
  return lastDay;
}
let lastDays = Number.NaN;
let lastDay = "";
