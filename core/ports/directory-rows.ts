/** What a directory batch says, as flat rows of text: the same check and the same order for every adapter. */
import type { DirectoryBatch, StoredWebhook } from "./directory-store.ts";
import { wordText } from "./history-store.ts";

/** Only texts and nothing: no operator of any query language fits into a row. */
export interface DirectoryRow {
  readonly id: string;
  /** Order of words; empty: any other word is newer. */
  readonly word: string;
  readonly fields: Readonly<Record<string, string | null>>;
}
/** Rows of each table. */
export type DirectoryRows = Readonly<Record<"users" | "channels" | "memberships" | "aliases" | "webhooks", readonly DirectoryRow[]>>;

/** Throws a TypeError for anything that is no text. */
export function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("only text may be asked for or written");
  return value;
}
const textOrNull = (value: unknown): string | null => (value === null ? null : text(value));

const membershipId = (channel: string, user: string): string => `${text(channel)}|${text(user)}`;

/** A batch as the rows that a store keeps, so that every store writes the same. Throws a TypeError where an id is no text. */
export function directoryRows({ users, people, channels, memberships, aliases, webhooks }: DirectoryBatch): DirectoryRows {
  return {
    users: [
      ...people.map((user) => ({ id: text(user), word: "", fields: { displayName: null, avatar: null } })),
      ...users.map(({ user, displayName, avatar, word }) => ({
        id: text(user),
        word: wordText(word),
        fields: { displayName: textOrNull(displayName), avatar: textOrNull(avatar) },
      })),
    ],
    channels: channels.map(({ channel, id, name, topic, policy, deletes, createdAt, version, word }) => ({
      id: text(channel),
      word: wordText(word),
      fields: {
        shown: text(id),
        name: text(name),
        topic: textOrNull(topic),
        policy: text(policy),
        deletes: text(deletes),
        createdAt: text(createdAt),
        version: text(version),
      },
    })),
    memberships: memberships.map(({ channel, user, role, word }) => ({
      id: membershipId(channel, user),
      word: wordText(word),
      fields: { channel, user, role: textOrNull(role) },
    })),
    aliases: aliases.map(({ alias, channel, word }) => ({ id: text(alias), word: wordText(word), fields: { channel: text(channel) } })),
    webhooks: webhooks.map(({ webhook, channel, url, name, events, enabled, halted, generation, word }) => ({
      id: text(webhook),
      word: wordText(word),
      fields: {
        channel: text(channel),
        url: textOrNull(url),
        name: textOrNull(name),
        events: events === null ? null : events.map(text).join(),
        enabled: enabled === true ? "yes" : "no",
        halted: textOrNull(halted),
        generation: String(Number(generation)),
      },
    })),
  };
}

/** From the fields of its row. */
export const webhookFrom = (webhook: string, fields: DirectoryRow["fields"]): StoredWebhook => ({
  webhook,
  channel: fields["channel"] ?? "",
  url: fields["url"] ?? null,
  name: fields["name"] ?? null,
  events: fields["events"]?.split(",") ?? null,
  enabled: fields["enabled"] === "yes",
  halted: fields["halted"] ?? null,
  generation: Number(fields["generation"]),
});
