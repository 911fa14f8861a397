/** What a page of changes means for a directory store: users, channels, members and aliases, as their registers stand. */
import type { Json } from "../core/event.ts";
import type {
  DirectoryBatch,
  DirectoryStore,
  StoredAlias,
  StoredChannel,
  StoredMembership,
  StoredUser,
  StoredWebhook,
  Worded,
} from "../core/ports/directory-store.ts";
import type { TableReader } from "../core/ports/state-store.ts";
import type { Register, RegisterKey } from "../core/register.ts";
import { readKey, registerKey } from "../core/register.ts";
import { haltOf, webhookValue } from "../core/webhooks.ts";
import type { Changes } from "./changes.ts";
import { wordOf } from "./history-sink.ts";
import type { Sink } from "./projection.ts";
import { channelView } from "./read/channel-view.ts";
import { memberView } from "./read/member-view.ts";

/** `shard`: whose positions these are, of all who write to the store. */
export const directorySink = (directory: DirectoryStore, shard: string, tables: TableReader): Sink => ({
  name: "directory",
  held: () => directory.held(shard),
  take: (changes) => directory.write(directoryBatch(tables, changes)),
  hold: (held) => directory.hold(shard, held),
});

const CHANNEL_FIELDS = ["name", "topic", "policy", "deletes"] as const;
const PROFILE_FIELDS = ["displayName", "avatar"] as const;

function directoryBatch(tables: TableReader, { registers, upTo }: Changes): DirectoryBatch {
  const channels = new Map<string, Worded<StoredChannel> | undefined>();
  const users = new Map<string, Worded<StoredUser>>();
  const memberships: Worded<StoredMembership>[] = [];
  const aliases: Worded<StoredAlias>[] = [];
  const webhooks = new Map<string, Worded<StoredWebhook>>();
  for (const key of registers.keys()) {
    const { channel, kind, ids } = readKey(key);
    const [id = ""] = ids;
    switch (kind) {
      case "name":
      case "topic":
      case "policy":
      case "deletes":
        if (!channels.has(channel)) channels.set(channel, channelWrite(tables, channel, upTo));
        break;
      case "profile":
        if (!users.has(id)) users.set(id, userWrite(tables, id, upTo));
        break;
      case "member":
        memberships.push(...membershipWrite(tables.get("registers", key), upTo));
        break;
      case "alias":
        aliases.push(...aliasWrite(tables.get("registers", key), id, upTo));
        break;
      case "webhook":
      case "halt":
        if (!webhooks.has(id)) webhooks.set(id, webhookWrite(tables, channel, id, upTo));
        break;
      case "body":
      case "reaction":
      case "read":
    }
  }
  return {
    users: [...users.values()],
    people: [...new Set(memberships.map(({ user }) => user))],
    channels: [...channels.values()].filter((one) => one !== undefined),
    memberships,
    aliases,
    webhooks: [...webhooks.values()],
  };
}

/** Undefined while the channel's creation is not here. */
function channelWrite(tables: TableReader, channel: string, revision: number): Worded<StoredChannel> | undefined {
  const view = channelView(tables, channel);
  if (view === undefined) return undefined;
  const keys = CHANNEL_FIELDS.map((field) => registerKey.field(channel, field));
  return { channel, ...view, word: wordOf(present(tables, keys), revision) };
}

function userWrite(tables: TableReader, user: string, revision: number): Worded<StoredUser> {
  const keys = PROFILE_FIELDS.map((field) => registerKey.profile(user, field));
  const [displayName = null, avatar = null] = keys.map((key) => textOf(tables.get("registers", key)?.resolution.value));
  return { user, displayName, avatar, word: wordOf(present(tables, keys), revision) };
}

export function membershipWrite(register: Register | undefined, revision: number): readonly Worded<StoredMembership>[] {
  if (register === undefined) return [];
  const { channel, ids } = readKey(register.key);
  return [{ channel, user: ids[0] ?? "", role: memberView(register)?.role ?? null, word: wordOf([register], revision) }];
}

function aliasWrite(register: Register | undefined, alias: string, revision: number): readonly Worded<StoredAlias>[] {
  const channel = textOf(register?.resolution.value);
  return register === undefined || channel === null ? [] : [{ alias, channel, word: wordOf([register], revision) }];
}

function webhookWrite(tables: TableReader, channel: string, webhook: string, revision: number): Worded<StoredWebhook> {
  const keys = [registerKey.webhook(channel, webhook), registerKey.halt(channel, webhook)];
  const [register, halt] = keys.map((key) => tables.get("registers", key));
  const value = webhookValue(register);
  const { url = null, name = null, events = null, enabled = false, generation = 0 } = value ?? {};
  const halted = haltOf(register, halt)?.reason ?? null;
  return { webhook, channel, url, name, events, enabled, halted, generation, word: wordOf(present(tables, keys), revision) };
}

const textOf = (value: Json | undefined): string | null => (typeof value === "string" ? value : null);
const present = (tables: TableReader, keys: readonly RegisterKey[]): readonly Register[] =>
  keys.map((key) => tables.get("registers", key)).filter((one) => one !== undefined);
