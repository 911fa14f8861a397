/** Where ended epochs of any log end (H1): a cursor beyond it names events that nobody has any more, and is told so (H3). */
import type { EpochOpened } from "../core/event.ts";
import { keysUnder, type TableReader } from "../core/ports/state-store.ts";
import { type Point, START } from "../core/position.ts";
import type { TableWriter } from "./register-rows.ts";

const factOf = (origin: string, epoch: number): string => `epoch-end|${origin}|${epoch}`;

const hadOf = (origin: string, epoch: number): string => `epoch-had|${origin}|${epoch}`;

/** `stood`: how far the log had been applied here when the new epoch began. An epoch that was left without a word of its end ends there. */
export function rememberEpochEnd(tables: TableWriter, origin: string, { data: { previous } }: EpochOpened, stood: Point = START): void {
  const { epoch, sequence } = previous;
  // What an epoch says that comes late, after a later one has begun, is no news of how far we had come.
  if (stood.epoch <= epoch || epochHadOf(tables, origin, epoch) === undefined)
    tables.put("facts", hadOf(origin, epoch), stood.epoch === epoch ? stood.sequence : 0);
  tables.put("facts", factOf(origin, epoch), sequence);
  if (stood.epoch >= epoch || stood.sequence === 0) return;
  tables.put("facts", hadOf(origin, stood.epoch), stood.sequence);
  if (epochEndOf(tables, origin, stood.epoch) === undefined) tables.put("facts", factOf(origin, stood.epoch), stood.sequence);
}

/** How far an ended epoch has been applied here by the normal road; undefined while it has not ended. What is beyond may still come late. */
export function epochHadOf(tables: TableReader, origin: string, epoch: number): number | undefined {
  const sequence = tables.get("facts", hadOf(origin, epoch));
  return typeof sequence === "number" ? sequence : undefined;
}

/** Epochs of a log that are known to have ended, oldest first. */
export const endedEpochs = (tables: TableReader, origin: string): readonly number[] =>
  [...tables.range("facts", keysUnder(`epoch-end|${origin}|`))].map(([key]) => Number(key.split("|")[2])).sort((a, b) => a - b);

/** The last sequence of an ended epoch; undefined while it has not ended here. */
export function epochEndOf(tables: TableReader, origin: string, epoch: number): number | undefined {
  const sequence = tables.get("facts", factOf(origin, epoch));
  return typeof sequence === "number" ? sequence : undefined;
}
