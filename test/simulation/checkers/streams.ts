/**
 * What clients were given, against what happened. L4: everything of the channels they are in, once, wherever they moved. C7: each author's
 * events of one region in the author's order. C11: nothing of a channel after their removal was acknowledged where they are.
 */
import type { Event, Placed } from "../../../core/event.ts";
import { identityIn } from "../../../core/ids.ts";
import { comparePoints, formatPosition, parsePosition } from "../../../core/position.ts";
import type { Client, Given } from "../client.ts";
import { Violation } from "../violation.ts";
import type { EndState } from "./end-state.ts";

export function streamsWhole(clients: readonly Client[], { truth, regions }: EndState): void {
  for (const client of clients) {
    noneTwice(client);
    inOrder(client);
    nothingMissed(client, truth, (channel) => {
      const value = regions[0]?.registers.get(`${channel}|member|${client.user}`)?.resolution.value;
      return value !== null && value !== undefined;
    });
  }
}

function noneTwice({ user, given }: Client): void {
  const seen = new Set<string>();
  for (const one of given) {
    const { event, region } = one;
    // Who subscribes with an old cursor is told again what their own stream has told them.
    if (isOwn(user, one)) continue;
    if (seen.has(event.position))
      throw new Violation("L4", `${user} was given ${event.kind} ${event.position} a second time, in ${region}`);
    seen.add(event.position);
    // Of twins, accepted in two regions that were cut off, one life of a region tells the one it found first (H5). Two roles are no twins (D5).
    const { user: about = "", role = "" } = event.data;
    const twin = `${region} ${one.boots} ${event.actor} ${event.command} ${event.kind} ${String(about)} ${String(role)}`;
    if (seen.has(twin)) throw new Violation("C2", `${region} told ${user} both twins of ${event.command} of ${event.actor}`);
    seen.add(twin);
  }
}

function inOrder({ user, given }: Client): void {
  const last = new Map<string, Given>();
  for (const one of given) {
    if (isOwn(user, one)) continue;
    const position = parsePosition(one.event.position);
    if (position === undefined) throw new Violation("C7", `${user} was given an event without a position: ${one.event.position}`);
    const stream = `${one.event.actor} ${one.event.channel} ${position.origin}`;
    const before = parsePosition(last.get(stream)?.event.position ?? "");
    if (before !== undefined && comparePoints(before, position) > 0)
      throw new Violation("C7", `${user} was given ${one.event.position} after ${formatPosition(before)} of ${stream}`);
    last.set(stream, one);
  }
}

/** What concerns the user alone comes by a stream of its own, before they may follow the channel. */
const isOwn = (user: string, { event: { kind, data, actor } }: Given): boolean =>
  kind.startsWith("member.") || kind === "webhook.halted"
    ? data["user"] === user
    : actor === user && ["channel.created", "read.marked", "profile.changed", "webhook.set", "webhook.removed"].includes(kind);

/** Of channels that the user is in: all events, or a twin of each. */
function nothingMissed({ user, given, loaded }: Client, truth: readonly Placed[], isMember: (channel: string) => boolean): void {
  const all = [...given.map(({ event }) => event), ...loaded];
  const had = new Set(all.map(({ actor, command, kind, channel }) => `${actor} ${command} ${kind} ${channelOf(channel)}`));
  for (const { event, position } of truth) {
    const { channel } = event;
    if (channel === null || !isMember(channel) || (PRIVATE.includes(event.kind) && event.actor !== user)) continue;
    if (event.kind === "webhook.halted") continue; // told to whoever had set it last
    if (!had.has(nameOf(event)))
      throw new Violation("L4", `${user} was never given ${event.kind} ${formatPosition(position)} (${event.command} of ${event.actor})`);
  }
}

/** Told to their author alone. */
const PRIVATE: readonly string[] = ["read.marked", "webhook.set", "webhook.removed"];

const nameOf = ({ actor, command, kind, channel }: Event): string => `${actor} ${command} ${kind} ${channel}`;
const channelOf = (shown: string | null): string => (shown === null ? "" : (identityIn("channel", shown) ?? shown));
