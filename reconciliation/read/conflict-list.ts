/** The conflict log as it can be asked: all of it for auditors, of their channels for members (contract §3). */
import { recordById } from "../../core/conflict-records.ts";
import { Refusal } from "../../core/errors.ts";
import { identityIn } from "../../core/ids.ts";
import type { ConflictFilter } from "../../core/ports/reader.ts";
import type { KeyRange, TableReader } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import type { ConflictRecord, Register, RegisterKey } from "../../core/register.ts";
import { readKey } from "../../core/register.ts";
import { stampTimeMs } from "../../core/stamp.ts";
import { justAfter } from "./pages.ts";

export interface FoundConflict {
  readonly register: Register;
  readonly record: ConflictRecord;
}
/** Also by an id that joined groups left behind (the alias rule of D2). */
export function findConflict(
  tables: TableReader,
  id: string,
  isAsked: (key: RegisterKey) => boolean = () => true,
): FoundConflict | undefined {
  const row = tables.get("conflicts", id);
  const register = row !== undefined && isAsked(row.key) ? tables.get("registers", row.key) : undefined;
  const record = register === undefined ? undefined : recordById(register, id);
  return register === undefined || record === undefined ? undefined : { register, record };
}

/** The register is asked first: most are not even read when somebody asks for one message's conflicts. */
export interface ConflictTest {
  readonly ofKey: (key: RegisterKey) => boolean;
  readonly of: (found: FoundConflict) => boolean;
}

/** Rows "<channel>|<conflict id>" after the key given, of all channels or of some, in key order. */
export function* conflictRows(
  tables: TableReader,
  channels: Iterable<string> | "all",
  after: string,
): Generator<readonly [key: string, id: string]> {
  const ranges = channels === "all" ? [keysUnder("")] : [...channels].sort().map((channel) => keysUnder(`${channel}|`));
  for (const range of ranges) {
    const from = after > range.from ? justAfter(after) : range.from;
    if (from < range.to) yield* idsIn(tables, { from, to: range.to });
  }
}

function* idsIn(tables: TableReader, range: KeyRange): Generator<readonly [string, string]> {
  for (const [key] of tables.range("channelConflicts", range)) yield [key, key.slice(key.indexOf("|") + 1)];
}

export function conflictTest({ authors, messages, states, since }: Omit<ConflictFilter, "channels">): ConflictTest {
  const identities = new Set(messages?.map((message) => identityIn("message", message)));
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  if (Number.isNaN(sinceMs)) throw new Refusal("invalid", "`since` is no RFC 3339 time.");
  const isOfMessage = (key: RegisterKey): boolean => {
    const { kind, ids } = readKey(key);
    return kind === "body" && identities.has(ids[0]);
  };
  return {
    ofKey: messages === undefined ? () => true : isOfMessage,
    of: ({ register, record }) =>
      (states === undefined || states.includes(record.state)) &&
      (authors === undefined || authors.some((author) => authorsOf(register, record).has(author))) &&
      (sinceMs === undefined || record.versions.some((stamp) => stampTimeMs(stamp) >= sinceMs)),
  };
}

export function authorsOf(register: Register, { versions }: ConflictRecord): ReadonlySet<string> {
  return new Set(register.entries.filter(({ stamp }) => versions.includes(stamp)).map(({ author }) => author));
}
