/**
 * Most messages are sent and never touched again: all that their register says is what their event says. Such a register is stored as the place
 * where its event stands, a few bytes instead of a second copy, which on the disk is most of what applying an event costs. Whoever reads it gets
 * it whole: it follows from the event by the same function that made it.
 */
import { canonical } from "../core/canonical.ts";
import type { Event } from "../core/event.ts";
import { sha256 } from "../core/hash.ts";
import type { StateStore, TableName, TableReader, Tables, TableWrite } from "../core/ports/state-store.ts";
import type { Position } from "../core/position.ts";
import { formatPosition, parsePosition, placeKey } from "../core/position.ts";
import type { Entry, Register, RegisterKey } from "../core/register.ts";
import { EVERYWHERE, readKey } from "../core/register.ts";
import { UNRESOLVED } from "../core/resolve.ts";
import { writesOf } from "../core/writes.ts";

/** A store whose lone registers lie beneath as text: the position of their event. */
export function openLoneRegisters(store: StateStore): StateStore {
  return {
    ...wholeReader(store),
    commit: (writes) => store.commit(shortened(writes)),
    snapshot: () => {
      const snapshot = store.snapshot();
      return { ...wholeReader(snapshot), close: () => snapshot.close() };
    },
    close: () => store.close(),
  };
}

/** The same rows with every register whole, whichever way it was stored. */
export function wholeReader(below: TableReader): TableReader {
  return {
    get: (table, key) => {
      const row = below.get(table, key);
      return table === "registers" && typeof row === "string" ? (whole(below, key, row) as Tables[typeof table]) : row;
    },
    range: (table, range) => {
      const rows = below.range(table, range);
      return table === "registers" ? (wholeRows(below, rows as Iterable<readonly [string, unknown]>) as typeof rows) : rows;
    },
  };
}

function* wholeRows(below: TableReader, rows: Iterable<readonly [string, unknown]>): Iterable<readonly [string, unknown]> {
  for (const [key, row] of rows) yield [key, typeof row === "string" ? whole(below, key, row) : row];
}

function whole(below: TableReader, key: RegisterKey, place: string): Register {
  const position = parsePosition(place);
  const placed = position === undefined ? undefined : below.get("events", eventRow(key, position));
  const write = placed === undefined ? undefined : writeOf(placed.event, placed.position, key);
  if (write === undefined) throw new Error(`the store is damaged: the event of ${key} is not at ${place}`);
  return { key, entries: [write], seen: [], count: 1, sum: write.hash, resolution: plain(write) };
}

function writeOf(event: Event, position: Position, key: RegisterKey): Entry | undefined {
  const write = writesOf(event, position, sha256(canonical(event))).find((one) => one.key === key);
  return write !== undefined && "entry" in write ? write.entry : undefined;
}

const plain = ({ value, stamp }: Entry): Register["resolution"] => ({ ...UNRESOLVED, value, winner: stamp, heads: [stamp] });
const eventRow = (key: RegisterKey, position: Position): string => `${readKey(key).channel}|${placeKey(position)}`;

/** Only together with its event: what is saved again later, or whose event stands elsewhere, is stored whole. */
function shortened(writes: readonly TableWrite[]): readonly TableWrite[] {
  const events = placesInChannels(writes);
  if (events.size === 0) return writes;
  return writes.map((write) => {
    if (write.table !== "registers" || write.value === undefined || !isLone(write.value)) return write;
    const [{ position }] = write.value.entries as readonly [Entry];
    if (!events.has(position)) return write;
    return { table: "registers", key: write.key, value: formatPosition(position) as unknown as Tables["registers" & TableName] };
  });
}

/** Where the events being written stand, but for those that only one person or nobody is told of. An entry shares its event's own position. */
function placesInChannels(writes: readonly TableWrite[]): ReadonlySet<Position> {
  const places = new Set<Position>();
  for (const { table, key, value } of writes)
    if (table === "events" && value !== undefined && !key.startsWith(EVERYWHERE)) places.add(value.position);
  return places;
}

/** A message as it was sent, that nobody has changed, disputed or seen anything of. */
function isLone({ entries, seen, resolution: { winner, heads, records, incomplete, pending, void: voided } }: Register): boolean {
  const [entry] = entries;
  if (entry === undefined || entries.length > 1 || entry.kind !== "sent" || entry.update !== undefined) return false;
  const quiet = seen.length + records.length + incomplete.length + pending.length + voided.length === 0;
  return quiet && winner === entry.stamp && heads.length === 1;
}
