/** What each event writes into which registers (S1): the one place that knows. */
import { canonical } from "./canonical.ts";
import type { Event, Json, Placed } from "./event.ts";
import { sha256 } from "./hash.ts";
import type { Position } from "./position.ts";
import { parsePoint } from "./position.ts";
import type { Entry, RegisterKey, Write } from "./register.ts";
import { registerKey } from "./register.ts";
import type { Stamp } from "./stamp.ts";

/** Values of several registers in one event, and what is not erasable, are compared by a plain hash. */
const plainContent = (value: Json): string => sha256(canonical(value)).slice(0, 32);
const NONE: readonly Stamp[] = [];
const CHANNEL_FIELDS = ["name", "topic", "policy", "deletes"] as const;
const PROFILE_FIELDS = ["displayName", "avatar"] as const;

type OfValue = Pick<Entry, "kind" | "content" | "value" | "replaces"> & {
  readonly of?: Stamp;
  readonly update?: string;
  readonly onto?: readonly Stamp[];
};

/** The event as it was written first, also where it comes again from an ended epoch. */
export function asFirstWritten(placed: Placed): Placed {
  if (placed.event.late === undefined) return placed;
  const { late, ...event } = placed.event;
  const point = parsePoint(late);
  return point === undefined ? placed : { position: { origin: placed.position.origin, ...point }, event: event as Event };
}

/** `hash` is the SHA-256 of the event's canonical text (D9). */
export function writesOf(event: Event, position: Position, hash: string): readonly Write[] {
  const { stamp, actor, command, policy, deletes, right, after } = event;
  const said = { stamp, author: actor, command, policy, deletes, after, position, hash };
  const judged = right === undefined ? said : { ...said, right };
  const write = (key: RegisterKey, part: OfValue): Write => ({ key, entry: { ...judged, ...part } });
  const set = (key: RegisterKey, value: Json, replaces: readonly Stamp[] = NONE): Write =>
    write(key, { kind: "set", content: plainContent(value), value, replaces });
  switch (event.kind) {
    case "channel.created": {
      const { channel, data } = event;
      const fields = CHANNEL_FIELDS.map((field) => set(registerKey.field(channel, field), data[field]));
      const owner = set(registerKey.member(channel, actor), "owner");
      return data.alias === null ? [...fields, owner] : [...fields, owner, set(registerKey.alias(data.alias), channel)];
    }
    case "channel.changed": {
      const { channel, data } = event;
      return CHANNEL_FIELDS.flatMap((field) =>
        data[field] === undefined ? [] : [set(registerKey.field(channel, field), data[field] ?? null, data.replaces[field] ?? NONE)],
      );
    }
    case "member.set":
      return [set(registerKey.member(event.channel, event.data.user), event.data.role, event.data.replaces)];
    case "member.removed":
      return [set(registerKey.member(event.channel, event.data.user), null, event.data.replaces)];
    case "message.sent": {
      const { message, body, thread, metadata, replaces } = event.data;
      const threaded = thread === null ? { body } : { body, thread };
      const value = metadata === undefined ? threaded : { ...threaded, metadata };
      return [write(registerKey.body(event.channel, message), { kind: "sent", content: event.content, value, replaces })];
    }
    case "message.edited": {
      const { message, body, metadata, update, onto, replaces, restores } = event.data;
      const value = metadata === undefined ? { body } : { body, metadata };
      const said = {
        content: event.content,
        value,
        replaces,
        ...(update === undefined ? {} : { update }),
        ...(onto === undefined ? {} : { onto }),
      };
      const part: OfValue = restores === undefined ? { kind: "edited", ...said } : { kind: "restored", of: restores.version, ...said };
      return [write(registerKey.body(event.channel, message), part)];
    }
    case "message.deleted":
      return [
        write(registerKey.body(event.channel, event.data.message), {
          kind: "deleted",
          content: event.content,
          value: null,
          replaces: event.data.replaces,
        }),
      ];
    case "reaction.set":
    case "reaction.cleared":
      return [
        set(
          registerKey.reaction(event.channel, event.data.message, event.data.emoji, actor),
          event.kind === "reaction.set",
          event.data.replaces,
        ),
      ];
    case "read.marked": {
      const { message, born, upTo, replaces } = event.data;
      // Twins differ in what their regions had applied; they mark the same message read (D5).
      return [
        write(registerKey.read(event.channel, actor), {
          kind: "set",
          content: plainContent(message),
          value: { message, born, upTo },
          replaces,
        }),
      ];
    }
    case "document.updated": {
      const { document, change, update } = event.data;
      const key = registerKey.change(event.channel, document, change);
      return [write(key, { kind: "set", content: event.content, value: update, replaces: NONE })];
    }
    case "conflict.seen":
      return [{ key: event.data.register, seen: { stamp, author: actor, of: event.data.of, hash } }];
    case "webhook.set": {
      const { webhook, url, events, enabled, generation, name, replaces } = event.data;
      return [set(registerKey.webhook(event.channel, webhook), { url, events, enabled, generation, name }, replaces)];
    }
    case "webhook.removed":
      return [set(registerKey.webhook(event.channel, event.data.webhook), null, event.data.replaces)];
    case "webhook.halted": {
      const { webhook, of, reason, replaces } = event.data;
      return [set(registerKey.halt(event.channel, webhook), { of, reason }, replaces)];
    }
    case "profile.changed": {
      const { data } = event;
      return PROFILE_FIELDS.flatMap((field) =>
        data[field] === undefined ? [] : [set(registerKey.profile(actor, field), data[field] ?? null, data.replaces[field] ?? NONE)],
      );
    }
    case "clock.witnessed":
    case "epoch.opened":
      return [];
  }
}
