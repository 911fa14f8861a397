/**
 * A region's log as a store holds it, its own or a peer's. Where the log server has lost what a store has applied, and no mirror may have it, the
 * log is made whole from here (L3): what was accepted reaches everybody.
 */
import { canonical } from "../core/canonical.ts";
import type { Event } from "../core/event.ts";
import type { LogMessage } from "../core/ports/event-log.ts";
import { keysUnder, type StateStore, type TableReader } from "../core/ports/state-store.ts";
import { type Point, placeKey } from "../core/position.ts";
import type { HeldEpoch } from "./choose-epoch.ts";
import { endedEpochs, epochHadOf } from "./epoch-ends.ts";

/** Log messages looked for at once: bounds memory. */
const WINDOW = 1_024;
/** What stands for a message that held no event that could be taken: every region puts it aside (H14). */
const NO_EVENT = "[]";

export interface StoredLog {
  /** How far the store has applied the log; undefined: it knows nothing of it. */
  readonly known: Point | undefined;
  /** Epochs of it that the store has applied something of, oldest first. */
  readonly held: readonly HeldEpoch[];
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
  const epochs = known === undefined ? [] : [...endedEpochs(reader, region).filter((epoch) => epoch < known.epoch), known.epoch];
  const headOf = (epoch: number): number => (known?.epoch === epoch ? known.sequence : (epochHadOf(reader, region, epoch) ?? 0));
  return {
    known,
    opened: typeof opened === "number" ? opened : undefined,
    opens: (epoch) => reader.commit([{ table: "facts", key: OPENED, value: epoch }]),
    held: epochs.map((epoch) => ({ epoch, first: 1, head: headOf(epoch) })).filter(({ head }) => head > 0),
    read: function* (epoch, after) {
      const end = headOf(epoch);
      for (let from = after; from < end; from += WINDOW) {
        const to = Math.min(from + WINDOW, end);
        const found = messagesIn(reader, { origin: region, epoch, from, to });
        for (let sequence = from + 1; sequence <= to; sequence += 1) yield { sequence, text: textOf(found.get(sequence)) };
      }
    },
  };
};

type Places = Map<number, Event>;

interface Stretch {
  readonly origin: string;
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Sequence -> place -> event, after `from` up to and including `to`. The rows of a stream follow each other by position, so each stream is asked for
 * its share.
 */
function messagesIn(reader: TableReader, { origin, epoch, from, to }: Stretch): ReadonlyMap<number, Places> {
  const found = new Map<number, Places>();
  const [first, end] = [from + 1, to + 1].map((sequence) => placeKey({ origin, epoch, sequence, place: 0 }));
  for (const stream of streamsIn(reader))
    for (const [, { position, event }] of reader.range("events", { from: `${stream}|${first}`, to: `${stream}|${end}` })) {
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
