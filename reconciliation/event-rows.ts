/** The rows that catch-up reads (H2): every event under its channel, and under "@<user>" what concerns one person wherever they look. */
import type { Event, Placed } from "../core/event.ts";
import { pointKey } from "../core/position.ts";
import { EVERYWHERE } from "../core/register.ts";
import type { TableWriter } from "./register-rows.ts";

/** Who hears of an event beside (or instead of) those who follow its channel. */
export interface Audience {
  /** Users who hear it on all their connections. */
  readonly users: readonly string[];
  /** Nobody but `users` hears it. */
  readonly privately: boolean;
}

export function audienceOf(event: Event): Audience {
  switch (event.kind) {
    case "channel.created":
    case "member.set":
    case "member.removed":
      return { users: [event.kind === "channel.created" ? event.actor : event.data.user], privately: false };
    case "read.marked":
    case "profile.changed":
      return { users: [event.actor], privately: true };
    case "clock.witnessed":
    case "epoch.opened":
      return { users: [], privately: true };
    default:
      return { users: [], privately: false };
  }
}

/** `silent`: a twin found second, or without right. It stands, like a region's own notes, where only auditors look. */
export function indexEvent(tables: TableWriter, placed: Placed, silent: boolean): void {
  const { event, position } = placed;
  const { users, privately } = audienceOf(event);
  const row = `${position.origin}|${pointKey(position)}`;
  if (silent || (privately && users.length === 0)) {
    tables.put("events", `${EVERYWHERE}|${row}`, placed);
    return;
  }
  if (!privately && event.channel !== null) tables.put("events", `${event.channel}|${row}`, placed);
  for (const user of users) tables.put("events", `@${user}|${row}`, placed);
}
