/** A directory store in memory: what the contract means, with nothing to install. */
import { type DirectoryRow, type DirectoryRows, directoryRows, text, webhookFrom } from "../../core/ports/directory-rows.ts";
import type { DirectoryStore, InForce, SaidMembership, StoredChannel } from "../../core/ports/directory-store.ts";
import type { Held } from "../../core/ports/history-store.ts";

export function openMemoryDirectory(): DirectoryStore {
  const tables = { users: table(), channels: table(), memberships: table(), aliases: table(), webhooks: table() };
  const holds = new Map<string, Held>();
  const inForce = (wanted: (one: InForce) => boolean): readonly InForce[] =>
    [...tables.memberships.values()]
      .filter(({ fields }) => fields["role"] !== null)
      .map(({ fields }) => fields as unknown as InForce)
      .filter(wanted);
  return {
    write: async (batch) => {
      for (const [name, rows] of Object.entries(directoryRows(batch)) as readonly (readonly [
        keyof DirectoryRows,
        readonly DirectoryRow[],
      ])[])
        for (const row of rows) {
          const before = tables[name].get(row.id);
          if (before === undefined || before.word <= row.word) tables[name].set(row.id, row);
        }
    },
    held: async (shard) => ({ held: holds.get(text(shard)), life: "one" }),
    hold: async (shard, held) => void holds.set(text(shard), held),
    user: async (user) => {
      const fields = tables.users.get(text(user))?.fields;
      return fields && { user, displayName: fields["displayName"] ?? null, avatar: fields["avatar"] ?? null };
    },
    channel: async (channel) => {
      const fields = tables.channels.get(text(channel))?.fields;
      if (fields === undefined) return undefined;
      const { shown, ...others } = fields;
      return { channel, id: shown, ...others } as StoredChannel;
    },
    channelBehind: async (alias) => tables.aliases.get(text(alias))?.fields["channel"] ?? undefined,
    webhooksOf: async (channel) => {
      text(channel);
      const rows = [...tables.webhooks.values()].filter(({ fields }) => fields["channel"] === channel && fields["url"] !== null);
      return rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id, fields }) => webhookFrom(id, fields));
    },
    channelsOf: async (user) => {
      text(user);
      return [...inForce((one) => one.user === user)].sort(by("channel"));
    },
    membersOf: async (channel, { after, limit }) => {
      text(channel);
      const from = after === undefined ? "" : text(after);
      return [...inForce((one) => one.channel === channel && one.user > from)].sort(by("user")).slice(0, limit);
    },
    memberships: async function* () {
      const all = [...inForce(() => true)].sort(by("user"));
      if (all.length > 0) yield all;
    },
    membershipsSaid: async (after, limit) =>
      [...tables.memberships.values()]
        .filter(({ id }) => id > text(after))
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map(({ word, fields }) => ({ ...fields, word }) as unknown as SaidMembership),
    forget: async (memberships) => {
      for (const { channel, user, word } of memberships) {
        const id = `${text(channel)}|${text(user)}`;
        if (tables.memberships.get(id)?.word === text(word)) tables.memberships.delete(id);
      }
    },
    close: async () => {},
  };
}

const table = (): Map<string, DirectoryRow> => new Map();
const by =
  (field: "user" | "channel") =>
  (a: InForce, b: InForce): number =>
    a[field] < b[field] ? -1 : a[field] > b[field] ? 1 : 0;
