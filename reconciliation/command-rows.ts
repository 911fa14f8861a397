/** What a region remembers of every command it has seen the effect of, so that a repeat has one effect and one answer (T3, H5). */
import type { Event } from "../core/event.ts";
import { commandKeyOf } from "../core/identity.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { TableWriter } from "./register-rows.ts";

/** Whether events of this kind are what a person's command did; a region's own notes are not. */
const isPersonal = (event: Event): boolean => event.kind !== "clock.witnessed" && event.kind !== "epoch.opened";

/** The smallest twin answers; in a command of several events its first. `row`: where the event stands in the table `events`. */
export function rememberCommand(tables: TableWriter, event: Event, row: string): void {
  if (!isPersonal(event)) return;
  const key = commandKeyOf(event);
  const known = tables.get("commands", key);
  if (known === undefined || event.stamp < known.stamp) tables.put("commands", key, { said: event.said, stamp: event.stamp, row });
}

/** What the command did: what its author said then, and the event that answers. */
export interface CommandMemory {
  readonly said: string;
  readonly event: Event;
}

export function recallCommand(tables: TableReader, key: string): CommandMemory | undefined {
  const mark = tables.get("commands", key);
  const placed = mark === undefined ? undefined : tables.get("events", mark.row);
  return mark === undefined || placed === undefined ? undefined : { said: mark.said, event: placed.event };
}
