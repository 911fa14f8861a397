/** What a page of changes means for a history store: versions, messages as they stand, conflict records, audit entries. */
import { birthOf } from "../core/commands/message-standing.ts";
import { conflictId } from "../core/conflict-records.ts";
import type {
  ConflictWrite,
  HistoryBatch,
  HistoryStore,
  MessageWrite,
  UnshownWrite,
  VersionWrite,
  Word,
} from "../core/ports/history-store.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import { keysUnder } from "../core/ports/state-store.ts";
import type { Register, RegisterKey } from "../core/register.ts";
import { readKey, registerKey } from "../core/register.ts";
import type { Stamp } from "../core/stamp.ts";
import { greaterStamp } from "../core/stamp.ts";
import { versionKey } from "../core/versions.ts";
import type { Changes } from "./changes.ts";
import type { Sink } from "./projection.ts";
import { auditEntries } from "./read/audit-view.ts";
import { messageView } from "./read/message-view.ts";
import { reactionsOf } from "./read/reactions.ts";
import { shownNames } from "./read/shown-names.ts";

/** `shard`: whose positions these are, of all who write to the store. */
export const historySink = (history: HistoryStore, shard: string, tables: TableReader): Sink => ({
  name: "history",
  held: () => history.held(shard),
  take: (changes) => history.write(historyBatch(tables, changes)),
  hold: (held) => history.hold(shard, held),
});

function historyBatch(tables: TableReader, { registers, audit, upTo }: Changes): HistoryBatch {
  const names = shownNames(tables);
  const versions: VersionWrite[] = [];
  const conflicts: ConflictWrite[] = [];
  const messages = new Map<RegisterKey, MessageWrite | UnshownWrite | undefined>();
  for (const [key, stamps] of registers) {
    const { channel, kind, ids } = readKey(key);
    const [message = ""] = ids;
    if (kind === "body" || kind === "reaction") {
      const body = registerKey.body(channel, message);
      if (!messages.has(body)) messages.set(body, messageWrite(tables, body, upTo) ?? unshownWrite(tables, body, upTo));
    }
    const register = tables.get("registers", key);
    if (register === undefined) continue;
    if (kind === "body") for (const entry of register.entries) if (stamps.has(entry.stamp)) versions.push({ channel, message, entry });
    conflicts.push(...conflictWrites(tables, register, upTo));
  }
  return {
    versions,
    messages: [...messages.values()].filter((one) => one !== undefined),
    conflicts,
    audit: [...auditEntries(tables, names, { after: upTo - audit.length, upTo, limit: audit.length })],
  };
}

/** Undefined while nobody is shown the message. */
export function messageWrite(tables: TableReader, body: RegisterKey, revision: number): MessageWrite | undefined {
  const register = tables.get("registers", body);
  const born = birthOf(register)?.stamp;
  if (register === undefined || born === undefined) return undefined;
  const { channel, ids } = readKey(body);
  const [message = ""] = ids;
  const view = messageView({ channel: "", identity: message, register, reactions: reactionsOf(tables, channel, message) });
  if (view === undefined) return undefined;
  const { id: _, channel: __, createdAt: ___, origin: ____, ...shown } = view;
  const { pending, void: without } = register.resolution;
  return {
    channel,
    message,
    born,
    shown,
    hidden: [...pending, ...without],
    formerly: sendsOf(register).filter((stamp) => stamp !== born),
    word: wordOf(registersOf(tables, register), revision),
  };
}

/** Whoever was shown a message may be no more: what its region had not told of its right came later, and its send is void. */
function unshownWrite(tables: TableReader, body: RegisterKey, revision: number): UnshownWrite | undefined {
  const register = tables.get("registers", body);
  const [born, ...formerly] = register === undefined ? [] : sendsOf(register);
  if (register === undefined || born === undefined) return undefined;
  const { channel, ids } = readKey(body);
  const word = wordOf(registersOf(tables, register), revision);
  return { channel, message: ids[0] ?? "", born, shown: null, hidden: [], formerly, word };
}

const sendsOf = ({ entries }: Register): readonly Stamp[] => entries.filter(({ kind }) => kind === "sent").map(({ stamp }) => stamp);

/** A message's text and the reactions to it. */
function registersOf(tables: TableReader, register: Register): readonly Register[] {
  const { channel, ids } = readKey(register.key);
  return [register, ...[...tables.range("registers", keysUnder(`${channel}|reaction|${ids[0]}|`))].map(([, reaction]) => reaction)];
}

export function wordOf(registers: readonly Register[], revision: number): Word {
  let newest: Stamp = "";
  let events = 0;
  for (const { entries, seen } of registers) {
    events += entries.length + seen.length;
    for (const one of [entries.at(-1), seen.at(-1)]) newest = greaterStamp(newest, one?.stamp ?? "");
  }
  return { newest, events, revision };
}

/**
 * The records of a register; and its ids that were records here, or may be elsewhere, and are none now: a group that was joined to another, or
 * whose past came to light, goes by another id (alias rule, D2). Every id is made of an entry's key, or of none.
 */
function conflictWrites(tables: TableReader, register: Register, revision: number): readonly ConflictWrite[] {
  const { key, entries, resolution } = register;
  if (entries.length < 2) return [];
  const { channel } = readKey(key);
  const word = wordOf([register], revision);
  const own = new Map(resolution.records.map((record) => [record.id, record]));
  const former = new Set(["-", ...entries.map(versionKey)].map((base) => conflictId(key, base)));
  return [
    ...[...own].map(([id, record]) => ({ channel, id, register: key, record, word })),
    ...[...former]
      .filter((id) => !own.has(id) && tables.get("conflicts", id) !== undefined)
      .map((id) => ({ channel, id, register: key, record: null, word })),
  ];
}
