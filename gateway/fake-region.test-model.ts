/** A region in memory, small but honest to the ports: what the gateway's tests stand on. */
import type { Actor, Command } from "../core/command.ts";
import { Refusal } from "../core/errors.ts";
import type { Event, Placed } from "../core/event.ts";
import { identityOf } from "../core/identity.ts";
import { identityIn } from "../core/ids.ts";
import type { Conflict, Message, WireEvent } from "../core/objects.ts";
import type { Accepted, Acceptor } from "../core/ports/acceptor.ts";
import type { Told } from "../core/ports/feed.ts";
import type { Reader } from "../core/ports/reader.ts";
import type { Tracer } from "../core/ports/tracer.ts";
import type { WebhookDesk } from "../core/ports/webhooks.ts";
import type { Position, Vector } from "../core/position.ts";
import { comparePoints, covers, formatPosition, joinVectors } from "../core/position.ts";
import { formatStamp } from "../core/stamp.ts";
import { ownerOf } from "./own-events.ts";

export interface Kept {
  readonly position: Position;
  readonly wire: WireEvent;
  readonly streams: readonly string[];
}
type Change = Pick<WireEvent, "kind" | "actor" | "data"> & { readonly command?: string };
const PRIVATE = ["read.marked", "profile.changed"];

/** What an event did beside itself. */
type Effect = Partial<Pick<Told, "conflicts" | "silent" | "turned">>;

export class FakeRegion {
  readonly name: string;
  readonly log: Kept[] = [];
  readonly members = new Map<string, Map<string, string>>();
  readonly messages = new Map<string, Message>();
  readonly conflicts = new Map<string, Conflict>();
  readonly lost = new Map<string, Conflict[]>();
  readonly answers = new Map<string, { readonly said: string; readonly result: Accepted["result"] }>();
  applied: Vector = {};
  #listeners = new Set<(told: Told) => void>();
  #count = 0;
  #untold: Told[] = [];

  constructor(name = "us") {
    this.name = name;
  }

  shown = (channel: string): string => `chn_us_${channel}`;

  channel(name: string, members: Readonly<Record<string, string>>): string {
    const identity = identityOf("channel", "somebody", name);
    this.members.set(identity, new Map(Object.entries(members)));
    return identity;
  }

  /** One event, applied here and told, as the replica does. `origin` and `sequence` can be another region's. */
  apply(channel: string, change: Change, { origin = this.name, ...effect }: { readonly origin?: string } & Effect = {}): WireEvent {
    const sequence = (this.applied[origin]?.sequence ?? 0) + 1;
    return this.take(this.#keep(channel, change, { origin, epoch: 1, sequence, place: 0 }), channel, effect);
  }

  /** An event that another region holds already. */
  take(kept: Kept, channel: string, { conflicts = [], silent = false, turned = [] }: Effect = {}): WireEvent {
    const { position, wire } = kept;
    const { origin, ...point } = position;
    this.log.push(kept);
    this.applied = joinVectors(this.applied, { [origin]: point });
    const user = ownerOf(wire);
    const members = this.members.get(channel) ?? new Map<string, string>();
    this.members.set(channel, members);
    if (wire.kind === "member.set" && user !== undefined) members.set(user, String(wire.data["role"] ?? "member"));
    if (wire.kind === "member.removed" && user !== undefined) members.delete(user);
    const told: Told = {
      placed: { position, event: { stamp: wire.stamp } as Event } satisfies Placed,
      wire,
      channel,
      users: user === undefined ? [] : [user],
      privately: PRIVATE.includes(wire.kind),
      silent,
      after: this.applied,
      conflicts,
      turned,
    };
    this.#untold.push(told);
    if (!this.tellsLater) this.tell();
    return wire;
  }

  /** The feed may be behind what the reader shows. */
  tellsLater = false;
  tell(): void {
    for (const told of this.#untold.splice(0)) for (const listener of this.#listeners) listener(told);
  }

  #keep(channel: string, { kind, actor, data, command }: Change, position: Position): Kept {
    this.#count += 1;
    const stamp = formatStamp(Date.now(), this.#count, position.origin);
    const at = new Date().toISOString();
    const wire: WireEvent = {
      position: formatPosition(position),
      stamp,
      kind,
      channel: this.shown(channel),
      actor,
      command: command ?? `c${this.#count}`,
      at,
      data,
    };
    const user = ownerOf(wire);
    return { position, wire, streams: [...(PRIVATE.includes(kind) ? [] : [channel]), ...(user === undefined ? [] : [`@${user}`])] };
  }

  readonly feed = {
    listen: (listener: (told: Told) => void) => {
      this.#listeners.add(listener);
      return () => void this.#listeners.delete(listener);
    },
  };

  #role = (user: string, channel: string): string | undefined => this.members.get(channel)?.get(user);

  readonly reader: Reader = {
    memberChannel: (actor, channel) => {
      const identity = identityIn("channel", channel) ?? channel;
      if (this.#role(actor.user, identity) === undefined) throw new Refusal("not-found", "There is no such channel.");
      return identity;
    },
    channel: (actor, channel) => this.#channelOf(this.reader.memberChannel(actor, channel)),
    channels: (actor) => ({
      items: this.reader.channelsOf(actor.user).map((one) => ({ ...this.#channelOf(one), unread: 0, mentions: 0, lastMessage: null })),
      next: null,
    }),
    members: (actor, channel) => ({
      items: [...(this.members.get(this.reader.memberChannel(actor, channel)) ?? [])].map(([user, role]) => ({
        user,
        role: role as "member",
      })),
      next: null,
    }),
    message: (actor, channel, message) => {
      this.reader.memberChannel(actor, channel);
      const found = this.messages.get(message);
      if (found === undefined) throw new Refusal("not-found", "There is no such message.");
      return found;
    },
    messages: (actor, channel, { before }) => {
      this.reader.memberChannel(actor, channel);
      if (before !== undefined && !before.startsWith("msg_")) throw new Refusal("not-found", "There is no such message.");
      return { items: [...this.messages.values()].reverse(), next: null };
    },
    versions: (actor, channel, message) => {
      this.reader.message(actor, channel, message);
      return { items: [], next: null };
    },
    conflicts: () => ({ items: [...this.conflicts.values()], next: null }),
    conflict: (_actor, id) => this.#conflict(id),
    lostBy: (user, { cursor = "0", limit }) => {
      const all = this.lost.get(user) ?? [];
      const end = Number(cursor) + limit;
      return { items: all.slice(Number(cursor), end), next: end < all.length ? String(end) : null };
    },
    auditEntries: () => ({ items: [], next: null }),
    audited: async () => {},
    auditHeads: () => ({}),
    channelsOf: (user) => [...this.members].flatMap(([channel, members]) => (members.has(user) ? [channel] : [])),
    isMember: (user, channel) => this.#role(user, channel) !== undefined,
    usersOf: (channel) => [...(this.members.get(channel)?.keys() ?? [])],
    shownChannel: (identity) => this.shown(identity),
    applied: () => this.applied,
    missed: (user, { channels, own, from, to, limit }) => {
      const streams = own ? [...channels, `@${user}`] : channels;
      const all = this.log
        .filter(
          ({ position, streams: of }) =>
            of.some((one) => streams.includes(one)) && !covers(from, position.origin, position) && covers(to, position.origin, position),
        )
        .sort((a, b) =>
          a.position.origin === b.position.origin ? comparePoints(a.position, b.position) : a.position.origin < b.position.origin ? -1 : 1,
        );
      const items = all.slice(0, limit);
      const complete = items.length === all.length;
      const reached = Object.fromEntries([
        ...Object.entries(from),
        ...items.map(({ position: { origin, ...point } }) => [origin, point] as const),
      ]);
      return { items: items.map(({ wire }) => wire), cursor: complete ? joinVectors(from, to) : reached, complete, gaps: [] };
    },
    conflictsTouched: (events) =>
      [...this.conflicts.values()].filter(({ register }) => events.some(({ data }) => data["message"] === register.message)),
    wire: ({ position }) => this.log.find((kept) => formatPosition(kept.position) === formatPosition(position))?.wire as WireEvent,
  };

  readonly tracer: Tracer = {
    trace: (actor, channel, message) => {
      const identity = this.reader.memberChannel(actor, channel);
      const kept = this.log.find(({ wire }) => wire.data["message"] === message);
      if (kept === undefined) throw new Refusal("not-found", "There is no such message here.");
      const { position, wire } = kept;
      const holders = [{ region: this.name, state: "applied" as const, asOf: wire.at }];
      return { message, channel: this.shown(identity), identity, author: wire.actor, at: wire.at, position, holders };
    },
  };

  readonly webhooks: WebhookDesk = {
    list: (actor, channel) => {
      this.reader.memberChannel(actor, channel);
      return [];
    },
    one: (actor, channel) => this.#noWebhook(actor, channel),
    deliveries: (actor, channel) => this.#noWebhook(actor, channel),
    test: async (actor, channel) => this.#noWebhook(actor, channel),
  };
  #noWebhook(actor: Actor, channel: string): never {
    this.reader.memberChannel(actor, channel);
    throw new Refusal("not-found", "There is no such webhook.");
  }

  #conflict(id: string): Conflict {
    const found = this.conflicts.get(id);
    if (found === undefined) throw new Refusal("not-found", "There is no such conflict.");
    return found;
  }

  #channelOf(identity: string) {
    return {
      id: this.shown(identity),
      name: identity,
      topic: null,
      policy: "lww" as const,
      deletes: "final" as const,
      createdAt: new Date(0).toISOString(),
      version: formatStamp(1, 0, "us"),
    };
  }

  readonly acceptor: Acceptor = {
    submit: async (actor, command) => {
      const key = `${actor.user} ${command.id}`;
      const said = JSON.stringify(command);
      const before = this.answers.get(key);
      if (before !== undefined && before.said !== said) throw new Refusal("conflict-of-command", "The key was used for another command.");
      if (before !== undefined) return { result: before.result, replayed: true };
      const result = this.#decide(actor, command);
      this.answers.set(key, { said, result });
      return { result, replayed: false };
    },
  };

  #decide(actor: Actor, command: Command): Accepted["result"] {
    if (command.kind === "channel.create")
      return { ...this.#channelOf(this.channel(command.name, { [actor.user]: "owner" })), name: command.name };
    if (command.kind === "conflict.restore" || command.kind === "conflict.see") return { id: this.#conflict(command.conflict).id };
    if (!("channel" in command)) return {};
    const channel = this.reader.memberChannel(actor, command.channel);
    if ("user" in command && this.#role(actor.user, channel) !== "owner") throw new Refusal("forbidden", "Only an owner does that.");
    if (command.kind !== "message.send" && "message" in command) this.#own(actor, command.channel, command.message);
    const id =
      command.kind === "message.send"
        ? `msg_us_${identityOf("message", actor.user, command.id)}`
        : "message" in command
          ? command.message
          : null;
    const kind = {
      "message.send": "message.sent",
      "message.edit": "message.edited",
      "member.set": "member.set",
      "member.remove": "member.removed",
    } as const;
    const data = { ...command, message: id };
    const { stamp } = this.apply(channel, {
      kind: kind[command.kind as keyof typeof kind] ?? command.kind,
      actor: actor.user,
      data,
      command: command.id,
    });
    if (id === null) return data as never;
    const message = {
      id,
      channel: command.channel,
      author: actor.user,
      body: "body" in command ? command.body : null,
      version: stamp,
      deleted: false,
    } as unknown as Message;
    this.messages.set(id, message);
    return message as never;
  }

  #own(actor: Actor, channel: string, message: string): void {
    if (this.reader.message(actor, channel, message).author !== actor.user) throw new Refusal("forbidden", "It is another's message.");
  }
}
