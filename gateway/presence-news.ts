/** Changes of presence, to the connections of people who share a channel with those who changed: one frame a tick, made once a channel. */
import type { Presence } from "../core/objects.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { Routing } from "./routing.ts";
import type { WireFrame } from "./wire-frame.ts";
import { wireFrame } from "./wire-frame.ts";

export function tellPresence(members: Pick<Reader, "channelsOf">, routing: Routing, changed: readonly Presence[]): void {
  const byChannel = new Map<string, Presence[]>();
  for (const presence of changed) for (const channel of members.channelsOf(presence.user)) add(byChannel, channel, presence);
  const channelsFor = new Map<string, string[]>();
  for (const channel of byChannel.keys()) for (const user of routing.membersHere(channel)) add(channelsFor, user, channel);
  // People who are in no common channel with anybody still hear of themselves.
  for (const { user } of changed) if (routing.ofUser(user).size > 0 && !channelsFor.has(user)) channelsFor.set(user, []);
  const frames = new Map<string, WireFrame>();
  for (const [user, channels] of channelsFor) {
    const key = channels.length === 0 ? `@${user}` : channels.join();
    const frame =
      frames.get(key) ??
      frameOf(
        channels.length === 0 ? changed.filter((one) => one.user === user) : channels.flatMap((channel) => byChannel.get(channel) ?? []),
      );
    frames.set(key, frame);
    for (const connection of routing.ofUser(user)) connection.outbox.push(frame);
  }
}

const frameOf = (items: readonly Presence[]): WireFrame =>
  wireFrame(JSON.stringify({ type: "presence", items: [...new Set(items)] }), true);

function add<T>(table: Map<string, T[]>, key: string, value: T): void {
  const row = table.get(key);
  if (row === undefined) table.set(key, [value]);
  else row.push(value);
}
