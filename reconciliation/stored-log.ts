/**
 * A region's own log as its store holds it. Where the log server has lost what the store has applied, and nobody else may have it, the log is
 * made whole from here (L3): what was accepted reaches everybody.
 */
import { canonical } from "../core/canonical.ts";
import type { Event } from "../core/event.ts";
import type { LogMessage } from "../core/ports/event-log.ts";
import { keysUnder, type StateStore, type TableReader } from "../core/ports/state-store.ts";
import { type Point, placeKey } from "../core/position.ts";
import { endedEpochs } from "./epoch-ends.ts";

/** Log messages looked for at once: bounds memory, and how long a run of messages that held no event may be. */
const WINDOW = 4_096;
/** What stands for a message that held no event that could be taken: every region puts it aside (H14). */
const NO_EVENT = "[]";

export interface StoredLog {
  /** How far the store has applied the own log; undefined: it knows nothing of it. */
  readonly known: Point | undefined;
  /** Epochs of it that the store knows of, oldest first. */
  readonly epochs: readonly number[];
  /** The last epoch that was opened, also where nothing of it was applied. */
  readonly opened: number | undefined;
  /** Resolves when the store knows for good that this epoch is opened: no later life opens another under its number. */
  opens(epoch: number): Promise<void>;
  /** Messages of an epoch beyond `after`, in order and without a hole, as they stood in the log. */
  read(epoch: number, after: number): Iterable<LogMessage>;
}

const OPENED = "epoch";

export const storedLog = (reader: StateStore, region: string): StoredLog => {
  const known = reader.get("positions", region);
  const opened = reader.get("facts", OPENED);
  return {
    known,
    opened: typeof opened === "number" ? opened : undefined,
    opens: (epoch) => reader.commit([{ table: "facts", key: OPENED, value: epoch }]),
    epochs: known === undefined ? [] : [...endedEpochs(reader, region), known.epoch],
    read: function* (epoch, after) {
      let at = after;
      for (let found = windowOf(reader, region, epoch, at); found.size > 0; found = windowOf(reader, region, epoch, at)) {
        const last = Math.max(...found.keys());
        while (at < last) {
          at += 1;
          yield { sequence: at, text: textOf(found.get(at)) };
        }
      }
      // The store has passed them, so nothing that could be taken was in them.
      while (known?.epoch === epoch && at < known.sequence) {
        at += 1;
        yield { sequence: at, text: NO_EVENT };
      }
    },
  };
};

type Places = Map<number, Event>;

/** Sequence -> place -> event, of the next messages after `after`; the rows of a stream follow each other by position, so each stream is asked for its share. */
function windowOf(reader: TableReader, origin: string, epoch: number, after: number): ReadonlyMap<number, Places> {
  const found = new Map<number, Places>();
  const [from, to] = [after + 1, after + 1 + WINDOW].map((sequence) => placeKey({ origin, epoch, sequence, place: 0 }));
  for (const stream of streamsIn(reader))
    for (const [, { position, event }] of reader.range("events", { from: `${stream}|${from}`, to: `${stream}|${to}` })) {
      const places: Places = found.get(position.sequence) ?? new Map<number, Event>();
      found.set(position.sequence, places.set(position.place, event));
    }
  return found;
}

function* streamsIn(reader: TableReader): Generator<string> {
  for (let from = ""; ; ) {
    const [next] = [...reader.range("events", { ...keysUnder(""), from, limit: 1 })];
    if (next === undefined) return;
    const stream = next[0].slice(0, next[0].indexOf("|"));
    yield stream;
    from = keysUnder(`${stream}|`).to;
  }
}

function textOf(places: Places | undefined): string {
  if (places === undefined) return NO_EVENT;
  const inOrder = [...places].sort(([a], [b]) => a - b);
  return `[${inOrder.map(([, event]) => canonical(event)).join(",")}]`;
}
