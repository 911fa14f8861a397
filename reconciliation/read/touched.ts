/**
 * Conflicts have no position of their own. After a catch-up the records of every register that a missed event touched are told (H9): also
 * those whose versions are all older, because a late cause can make a record of versions that were here before it.
 */
import { identityIn } from "../../core/ids.ts";
import type { WireEvent } from "../../core/objects.ts";
import type { TableReader } from "../../core/ports/state-store.ts";
import type { RegisterKey } from "../../core/register.ts";
import { registerKey } from "../../core/register.ts";
import type { FoundConflict } from "./conflict-list.ts";
import { findConflict } from "./conflict-list.ts";

export function conflictsTouched(tables: TableReader, events: readonly WireEvent[]): readonly FoundConflict[] {
  const found = new Map<string, FoundConflict>();
  const add = (one: FoundConflict): void => void found.set(one.record.id, one);
  for (const key of new Set(events.flatMap(touchedKeys))) {
    const register = tables.get("registers", key);
    for (const record of register?.resolution.records ?? []) if (register !== undefined) add({ register, record });
  }
  for (const { kind, data } of events) {
    const seen = kind === "conflict.seen" ? findConflict(tables, String(data["conflict"])) : undefined;
    if (seen !== undefined) add(seen);
  }
  return [...found.values()];
}

const FIELDS = ["name", "topic", "policy", "deletes"] as const;

/** Registers with records that an event writes. Reactions and read markers never have one (D2). */
function touchedKeys({ kind, channel: shown, actor, data }: WireEvent): readonly RegisterKey[] {
  const channel = shown === null ? undefined : (identityIn("channel", shown) ?? shown);
  if (kind === "profile.changed")
    return (["displayName", "avatar"] as const).filter((field) => field in data).map((field) => registerKey.profile(actor, field));
  if (channel === undefined) return [];
  switch (kind) {
    case "message.sent":
    case "message.edited":
    case "message.deleted": {
      const message = identityIn("message", String(data["message"]));
      return message === undefined ? [] : [registerKey.body(channel, message)];
    }
    case "channel.created": {
      const alias = typeof data["alias"] === "string" ? [registerKey.alias(data["alias"])] : [];
      return [...FIELDS.map((field) => registerKey.field(channel, field)), registerKey.member(channel, actor), ...alias];
    }
    case "channel.changed":
      return FIELDS.filter((field) => field in data).map((field) => registerKey.field(channel, field));
    case "member.set":
    case "member.removed":
      return [registerKey.member(channel, String(data["user"]))];
    case "webhook.set":
    case "webhook.removed": {
      const webhook = identityIn("webhook", String(data["webhook"]));
      return webhook === undefined ? [] : [registerKey.webhook(channel, webhook)];
    }
    default:
      return [];
  }
}
