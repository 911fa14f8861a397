/** The rows that catch-up reads (H2): every event under its channel, and under "@<user>" what concerns one person wherever they look. */
import type { Event, Placed } from "../core/event.ts";
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
    case "webhook.halted":
      return { users: [event.data.user], privately: true };
    // Where a bot listens is no business of the other members.
    case "webhook.set":
    case "webhook.removed":
    case "read.marked":
    case "profile.changed":
      return { users: [event.actor], privately: true };
    case "clock.witnessed":
    case "epoch.opened":
      return { users: [], privately: true };
    default:
      return EVERYBODY_THERE;
  }
}

const EVERYBODY_THERE: Audience = { users: [], privately: false };

/**
 * `place`: the event's (`placeKey`). `silent`: a twin found second, or without right. It stands, like a region's own notes, where only auditors look. Returns the key of the row
 * by which the event is found again.
 */
export function indexEvent(tables: TableWriter, placed: Placed, place: string, silent: boolean): string {
  const rows = silent ? [EVERYWHERE] : streamsOf(placed.event);
  for (const stream of rows) tables.put("events", `${stream}|${place}`, placed);
  return `${rows[0]}|${place}`;
}

function streamsOf(event: Event): readonly [string, ...string[]] {
  const { users, privately } = audienceOf(event);
  if (users.length === 0 && !privately && event.channel !== null) return [event.channel];
  const people = users.map((user) => `@${user}`);
  // What its region did itself is found by auditors where nobody else looks.
  const hidden = event.kind === "webhook.halted" ? [EVERYWHERE] : people;
  const [first, ...others] = privately || event.channel === null ? [...new Set([...hidden, ...people])] : [event.channel, ...people];
  return first === undefined ? [EVERYWHERE] : [first, ...others];
}
