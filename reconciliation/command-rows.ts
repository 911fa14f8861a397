/** What a region remembers of every command it has seen the effect of, so that a repeat has one effect and one answer (T3, H5). */
import type { Event, Placed } from "../core/event.ts";
import { commandKey } from "../core/ids.ts";
import type { TableWriter } from "./register-rows.ts";

/** Whether events of this kind are what a person's command did; a region's own notes are not. */
export const isPersonal = (event: Event): boolean => event.kind !== "clock.witnessed" && event.kind !== "epoch.opened";

/** The smallest twin answers; in a command of several events its first. */
export function rememberCommand(tables: TableWriter, placed: Placed): void {
  const { event } = placed;
  if (!isPersonal(event)) return;
  const key = commandKey(event.actor, event.command);
  const known = tables.get("commands", key);
  if (known === undefined || event.stamp < known.stamp) tables.put("commands", key, { said: event.said, stamp: event.stamp, placed });
}
