/** Where ended epochs of any log end (H1): a cursor beyond it names events that nobody has any more, and is told so (H3). */
import type { EpochOpened } from "../core/event.ts";
import { keysUnder, type TableReader } from "../core/ports/state-store.ts";
import type { TableWriter } from "./register-rows.ts";

const factOf = (origin: string, epoch: number): string => `epoch-end|${origin}|${epoch}`;

export function rememberEpochEnd(tables: TableWriter, origin: string, { data: { previous } }: EpochOpened): void {
  tables.put("facts", factOf(origin, previous.epoch), previous.sequence);
}

/** Epochs of a log that are known to have ended, oldest first. */
export const endedEpochs = (tables: TableReader, origin: string): readonly number[] =>
  [...tables.range("facts", keysUnder(`epoch-end|${origin}|`))].map(([key]) => Number(key.split("|")[2])).sort((a, b) => a - b);

/** The last sequence of an ended epoch; undefined while it has not ended here. */
export function epochEndOf(tables: TableReader, origin: string, epoch: number): number | undefined {
  const sequence = tables.get("facts", factOf(origin, epoch));
  return typeof sequence === "number" ? sequence : undefined;
}
