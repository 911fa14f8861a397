/**
 * Which events a peer's log may hold (law A4): known envelope, known kind, stamps of the log's own region, ids that are the hashes they must
 * be, sizes within the door's bounds. What fails is quarantined with the reason said here; nothing is repaired and nothing is guessed.
 *
 * The tables are typed by core/event.ts itself, so a field added there does not compile until it is checked here.
 */
import type { Event, EventKind } from "../core/event.ts";
import { ENVELOPE, RULES } from "../core/event.ts";
import { identityOf } from "../core/identity.ts";
import { PLAIN_ID } from "../core/ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { Position } from "../core/position.ts";
import { covers, parsePoint, parseVector } from "../core/position.ts";
import { readKey } from "../core/register.ts";
import { isStamp, stampRegion } from "../core/stamp.ts";
import type { Check, Fields } from "./shape.ts";
import { base64, deeperThan, fields, finite, json, listOf, mapOf, nullable, oneOf, optional, pattern, text, whole } from "./shape.ts";
import { wrongUpdate } from "./text-merge.ts";

type OfKind<K extends EventKind> = Event extends infer E
  ? E extends { readonly kind: infer Kind }
    ? K extends Kind
      ? E
      : never
    : never
  : never;
type DataOf<K extends EventKind> = OfKind<K> extends { readonly data: infer Data } ? Data : never;

const plainId = pattern(PLAIN_ID, "plain id");
const identity = pattern(/^[0-9a-z]{26}$/, "identity");
const digits = pattern(/^[0-9a-f]{32}$/, "hash of 32 hex digits");
const stamp: Check = (value) => (isStamp(value) ? undefined : "is no stamp");
/** More heads than a register can sanely have; a bound all the same. */
const stamps = listOf(stamp, 4_096);
const point = pattern(/^\d{1,9}\.\d{1,15}\.\d{1,6}$/, "point");
export const vector = mapOf(plainId, point, 64);
const policy = oneOf("lww", "merge");
const deletes = oneOf("final", "lww");
const role = oneOf("owner", "moderator", "member");
const name = text(1, LIMITS.nameBytes);
const topic = nullable(text(0, LIMITS.topicBytes));
const body = text(1, LIMITS.bodyBytes);
const metadata = optional(json(LIMITS.jsonDepth, LIMITS.metadataBytes));
const emoji = text(1, LIMITS.emojiBytes);
const thread = nullable(text(1, 160));
const profile = optional(nullable(text(0, LIMITS.topicBytes)));
const update = base64(LIMITS.documentUpdateBytes);
const key = text(1, 512);
/** Registers whose conflicts are logged (D2): who has seen one names one of these. */
const register = pattern(
  /^([0-9a-z]{26}\|(body\|[0-9a-z]{26}|name|topic|policy|deletes|member\|[A-Za-z0-9_-]{1,64}|webhook\|[0-9a-z]{26})|@\|(alias\|[A-Za-z0-9_-]{1,64}|profile\|[A-Za-z0-9_-]{1,64}\|(displayName|avatar)))$/,
  "register with conflicts",
);
const fieldOf = (...names: readonly string[]): Check => mapOf(oneOf(...names), stamps, names.length);

const aboutMessage = fields<DataOf<"message.edited">["about"]>({
  author: plainId,
  born: stamp,
  thread,
  reactions: optional(mapOf(emoji, listOf(plainId, 100_000), 10_000)),
});
const aboutChannel = fields<DataOf<"channel.changed">["about"]>({ name: text(0, LIMITS.nameBytes), topic, policy, deletes, born: stamp });
const hookedUrl = text(1, LIMITS.webhookUrlBytes);
const born = optional(stamp);
const reaction: Fields<DataOf<"reaction.set">> = { message: identity, emoji, born: stamp, replaces: stamps };

const DATA: { readonly [K in EventKind]: Fields<DataOf<K>> } = {
  "channel.created": { name, topic, policy, deletes, alias: nullable(plainId) },
  "channel.changed": {
    name: optional(name),
    topic: optional(topic),
    policy: optional(policy),
    deletes: optional(deletes),
    replaces: fieldOf("name", "topic", "policy", "deletes"),
    about: aboutChannel,
  },
  "member.set": { user: plainId, role, replaces: stamps },
  "member.removed": { user: plainId, replaces: stamps },
  "message.sent": { message: identity, body, thread, metadata, replaces: stamps },
  "message.edited": {
    message: identity,
    body,
    metadata,
    update: optional(text(1, LIMITS.updateChars)),
    onto: optional(stamps),
    replaces: stamps,
    restores: optional(fields<NonNullable<DataOf<"message.edited">["restores"]>>({ conflict: key, version: stamp })),
    about: aboutMessage,
  },
  "message.deleted": { message: identity, replaces: stamps, about: aboutMessage },
  "reaction.set": reaction,
  "reaction.cleared": reaction,
  "read.marked": { message: identity, born: stamp, upTo: vector, replaces: stamps },
  "document.updated": { document: nullable(plainId), change: identity, update },
  "conflict.seen": { conflict: key, register, of: stamps },
  "profile.changed": { displayName: profile, avatar: profile, replaces: fieldOf("displayName", "avatar") },
  "webhook.set": {
    webhook: identity,
    url: hookedUrl,
    events: nullable(listOf(text(1, 64), 64)),
    enabled: oneOf(true, false),
    generation: whole(1_000_000),
    name: nullable(name),
    born,
    rotated: optional(oneOf(true)),
    replaces: stamps,
  },
  "webhook.removed": { webhook: identity, born: stamp, replaces: stamps },
  "webhook.halted": { webhook: identity, born: stamp, of: stamp, reason: oneOf("failures", "gone"), user: plainId, replaces: stamps },
  "clock.witnessed": { origin: plainId, epoch: whole(999_999_999), from: stamp, to: stamp, offsetMs: finite, of: whole(1_000) },
  "epoch.opened": { previous: fields<DataOf<"epoch.opened">["previous"]>({ epoch: whole(999_999_999), sequence: whole() }) },
};

/** Kinds that belong to no channel. */
const EVERYWHERE: readonly string[] = ["profile.changed", "clock.witnessed", "epoch.opened"] satisfies readonly OfNoChannel[];
/** Conflicts of profiles and aliases belong to no channel, their registers stand under "@". */
const channelOf = (kind: string): Check =>
  EVERYWHERE.includes(kind) ? oneOf(null) : kind === "conflict.seen" ? pattern(/^(@|[0-9a-z]{26})$/, "identity") : identity;
type OfNoChannel = Extract<Event, { readonly channel: null }>["kind"];

const CHECKS = new Map(
  Object.entries(DATA).map(([kind, data]) => [
    kind,
    fields<OfKind<"message.sent">>({
      v: oneOf(ENVELOPE),
      rules: oneOf(RULES),
      stamp,
      actor: plainId,
      command: text(1, LIMITS.idempotencyKeyChars * 4),
      content: digits,
      said: digits,
      after: vector,
      right: optional(stamp),
      late: optional(point),
      policy,
      deletes,
      kind: oneOf(kind),
      channel: channelOf(kind),
      data: fields(data as Fields<unknown>),
    }),
  ]),
);

export type ReadEvent = { readonly event: Event } | { readonly wrong: string };

/** The event that stands at `position`, or why it cannot be one. */
export function readEvent(raw: unknown, position: Position): ReadEvent {
  const wrong = wrongWith(raw, position);
  return wrong === undefined ? { event: raw as Event } : { wrong };
}

function wrongWith(raw: unknown, position: Position): string | undefined {
  if (typeof raw !== "object" || raw === null) return "is no object";
  if (deeperThan(raw, LIMITS.jsonDepth + 4)) return `is nested deeper than ${LIMITS.jsonDepth}`;
  const { v, rules, kind } = raw as { readonly v?: unknown; readonly rules?: unknown; readonly kind?: unknown };
  if (v !== ENVELOPE) return `has the envelope version ${said(v)}, known is ${ENVELOPE}`;
  if (rules !== RULES) return `has the rule table ${said(rules)}, known is ${RULES}`;
  const check = typeof kind === "string" ? CHECKS.get(kind) : undefined;
  if (check === undefined) return `has the unknown kind ${said(kind)}`;
  return check(raw) ?? forged(raw as Event, position);
}

/** What has the right shape and yet cannot have been made by an honest region. */
function forged(event: Event, position: Position): string | undefined {
  if (stampRegion(event.stamp) !== position.origin)
    return `carries a stamp of ${stampRegion(event.stamp)} in the log of ${position.origin}`;
  const after = parseVector(event.after);
  const late = event.late === undefined ? undefined : parsePoint(event.late);
  if (late !== undefined && late.epoch >= position.epoch) return "says to come late from an epoch that is none before";
  if (after === undefined || covers(after, position.origin, late ?? position)) return "says that it was made after itself";
  if (event.right === event.stamp) return "is its own right";
  if (event.right !== undefined && RIGHTLESS.includes(event.kind)) return "carries a right that it does not need";
  if (event.right === undefined && !mayLackRight(event)) return "lacks the right it was judged by";
  if (event.kind === "conflict.seen" && readKey(event.data.register).channel !== event.channel)
    return "names a register of another channel";
  if (event.kind === "message.sent" && event.data.message !== identityOf("message", event.actor, event.command))
    return "names a message that is not the hash of its author and command";
  if (event.kind === "document.updated" && event.data.change !== identityOf("message", event.actor, event.command))
    return "names a change that is not the hash of its author and command";
  if (event.kind === "channel.created" && event.channel !== identityOf("channel", event.actor, event.command))
    return "names a channel that is not the hash of its author and command";
  if (
    event.kind === "webhook.set" &&
    event.data.born === undefined &&
    event.data.webhook !== identityOf("webhook", event.actor, event.command)
  )
    return "names a webhook that is not the hash of its author and command";
  if (event.kind === "webhook.halted" && event.actor !== position.origin) return "halts a webhook in the name of somebody else";
  if (event.kind === "clock.witnessed") return wrongWitness(event.data);
  const wrong = event.kind === "message.edited" ? wrongEdit(event) : undefined;
  if (wrong !== undefined) return wrong;
  return "replaces" in event.data && replaced(event.data.replaces).includes(event.stamp) ? "replaces itself" : undefined;
}

function wrongEdit({ actor, command, data: { update, onto, replaces } }: OfKind<"message.edited">): string | undefined {
  if (onto !== undefined && (update === undefined || !onto.every((one) => replaces.includes(one))))
    return "is made onto what it does not replace";
  const wrong = update === undefined ? undefined : wrongUpdate(update, { author: actor, command });
  return wrong === undefined ? undefined : `carries an update that ${wrong}`;
}

/** Kinds that no membership is asked for: creations, a person's own profile, a region's own notes. */
const RIGHTLESS: readonly EventKind[] = ["channel.created", "profile.changed", "webhook.halted", "clock.witnessed", "epoch.opened"];
/** Auditors restore as auditors, and whose version lost has seen it wherever they have gone since: also where they are no members. */
const mayLackRight = ({ kind, data }: Event): boolean =>
  RIGHTLESS.includes(kind) || kind === "conflict.seen" || (kind === "message.edited" && "restores" in data);

const replaced = (replaces: readonly string[] | { readonly [field: string]: readonly string[] }): readonly string[] =>
  Array.isArray(replaces) ? replaces : Object.values(replaces).flat();

function wrongWitness({ origin, from, to, of }: DataOf<"clock.witnessed">): string | undefined {
  if (stampRegion(from) !== origin || stampRegion(to) !== origin) return "witnesses stamps of another region than it names";
  if (from > to) return "witnesses a stretch that ends before it begins";
  // Who is alone is no majority, whatever size of the mesh is named.
  return of < 2 ? "witnesses in a mesh of one region" : undefined;
}

const said = (value: unknown): string => String(JSON.stringify(value) ?? "none").slice(0, 40);
