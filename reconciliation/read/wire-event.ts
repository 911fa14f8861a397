/**
 * An event as clients see it: shown ids for identities, of the envelope only what a reader can use. What `replaces` says stays in `data`,
 * so that a reader who does not run `apply` drops what a later event replaces (contract §5).
 */
import type { Event, Placed } from "../../core/event.ts";
import { shownId } from "../../core/ids.ts";
import type { WireEvent } from "../../core/objects.ts";
import { formatPosition } from "../../core/position.ts";
import { stampIso } from "../../core/stamp.ts";
import type { ShownNames } from "./shown-names.ts";

type Data = WireEvent["data"];
export interface WireParts {
  readonly names: ShownNames;
  /** Whether a final delete stands: then no catch-up and no late edit brings the text to anybody (S4). */
  readonly isGone: (channel: string, message: string) => boolean;
}

export function wireEvent({ event, position }: Placed, parts: WireParts): WireEvent {
  const { stamp, kind, channel, actor, command } = event;
  return {
    position: formatPosition(position),
    stamp,
    kind,
    channel: channel === null ? null : parts.names.channel(channel),
    actor,
    command,
    at: stampIso(stamp),
    data: shownData(event, parts),
  };
}

function shownData(event: Event, { names, isGone }: WireParts): Data {
  switch (event.kind) {
    case "message.sent": {
      const { channel, stamp, data } = event;
      const message = names.message(channel, data.message, stamp);
      return { ...data, message, ...(isGone(channel, data.message) ? WITHHELD : {}) };
    }
    case "message.edited": {
      const { about, update: _, onto: __, ...data } = event.data;
      const message = names.message(event.channel, data.message, about.born);
      return { ...data, message, author: about.author, thread: about.thread, ...(isGone(event.channel, data.message) ? WITHHELD : {}) };
    }
    case "message.deleted": {
      const { about, ...data } = event.data;
      return { ...data, message: names.message(event.channel, data.message, about.born), author: about.author, thread: about.thread };
    }
    case "reaction.set":
    case "reaction.cleared": {
      const { born, ...data } = event.data;
      return { ...data, message: names.message(event.channel, data.message, born) };
    }
    case "read.marked": {
      const { born, upTo: _, ...data } = event.data;
      return { ...data, message: names.message(event.channel, data.message, born) };
    }
    case "document.updated": {
      const { change: _, ...data } = event.data;
      return data;
    }
    case "channel.changed": {
      const { about: _, ...data } = event.data;
      return data;
    }
    case "conflict.seen": {
      const { register: _, ...data } = event.data;
      return data;
    }
    case "webhook.set": {
      const { born, ...data } = event.data;
      return { ...data, webhook: shownId("webhook", data.webhook, born ?? event.stamp) };
    }
    case "webhook.removed":
    case "webhook.halted": {
      const { born, ...data } = event.data;
      return { ...data, webhook: shownId("webhook", data.webhook, born) };
    }
    case "channel.created":
    case "member.set":
    case "member.removed":
    case "profile.changed":
    case "clock.witnessed":
    case "epoch.opened":
      return { ...event.data };
  }
}

const WITHHELD: Data = { body: null, metadata: undefined, withheld: true };
