/** The directory in MongoDB: five collections of small documents, each guarded by the word that was said of it last. */
import type { AnyBulkWriteOperation, Db } from "mongodb";
import type { Role } from "../../core/event.ts";
import { type DirectoryRow, directoryRows, text, webhookFrom } from "../../core/ports/directory-rows.ts";
import type { DirectoryStore, InForce, SaidMembership, StoredChannel, StoredUser } from "../../core/ports/directory-store.ts";
import type { Held } from "../../core/ports/history-store.ts";
import type { MongoLink } from "./connection.ts";

/** `word`: the order of what is said (wordText). */
export type DirectoryDocument = { readonly _id: string; readonly word: string } & Readonly<Record<string, string | null>>;
type HeldDocument = { readonly _id: string } & Held;

/** A membership that has ended stays as a document and leaves the indexes. */
export const IN_FORCE = { role: { $gt: "" } } as const;
/** Without a bound on the index's first field the planner would look into every document. */
export const EVERYBODY = { user: { $gte: "" }, ...IN_FORCE } as const;
const INDEXES = {
  byUser: { key: { user: 1, channel: 1, role: 1 }, name: "inForceByUser", partialFilterExpression: IN_FORCE },
  byChannel: { key: { channel: 1, user: 1, role: 1 }, name: "inForceByChannel", partialFilterExpression: IN_FORCE },
  /** Those that are not removed. */
  webhooks: { key: { channel: 1, _id: 1 }, name: "byChannel", partialFilterExpression: { url: { $gt: "" } } },
} as const;
/** Answered from the index alone. */
export const COVERED = { _id: 0, user: 1, channel: 1, role: 1 } as const;

const PAGE = 5_000;
/** What a majority has written to its journal outlives any restart: there is no life of a server after which less is held. */
const LIFE = "majority";

const collections = (db: Db) => ({
  users: db.collection<DirectoryDocument>("users"),
  channels: db.collection<DirectoryDocument>("channels"),
  memberships: db.collection<DirectoryDocument>("memberships"),
  aliases: db.collection<DirectoryDocument>("aliases"),
  webhooks: db.collection<DirectoryDocument>("webhooks"),
  held: db.collection<HeldDocument>("held"),
});

type Collections = ReturnType<typeof collections>;
type Guarded = "users" | "channels" | "memberships" | "aliases" | "webhooks";

export function openMongoDirectory(link: MongoLink): DirectoryStore {
  const run = <T>(operation: string, work: (collections: Collections) => Promise<T>): Promise<T> =>
    link.run(operation, (db) => work(collections(db)));
  let indexed: Promise<unknown> | undefined;
  /** Once a life of the database; again after a failure. */
  const withIndexes = (): Promise<unknown> => {
    const indexes = [INDEXES.byUser, INDEXES.byChannel].map((index) => ({ ...index }));
    const make = ({ memberships, webhooks }: Collections) =>
      Promise.all([memberships.createIndexes(indexes), webhooks.createIndexes([{ ...INDEXES.webhooks }])]);
    indexed ??= run("indexes", make).catch((error: unknown) => {
      indexed = undefined;
      throw error;
    });
    return indexed;
  };
  const put = (name: Guarded, rows: readonly DirectoryRow[]): Promise<unknown> =>
    rows.length === 0 ? Promise.resolve() : run("write", (all) => all[name].bulkWrite(guarded(rows)));

  return {
    write: async (batch) => {
      const rows = directoryRows(batch);
      await withIndexes();
      await Promise.all((Object.keys(rows) as readonly Guarded[]).map((name) => put(name, rows[name])));
    },
    held: async (shard) => {
      const _id = text(shard);
      const found = await run("held", ({ held }) => held.findOne({ _id }, { projection: { _id: 0 } }));
      if (found === null) indexed = undefined; // a new database, or one that was dropped
      return { held: found ?? undefined, life: LIFE };
    },
    hold: async (shard, noted) => {
      const _id = text(shard);
      await run("hold", ({ held }) => held.replaceOne({ _id }, noted, { upsert: true }));
    },
    user: async (user) => {
      const _id = text(user);
      const found = await run("user", ({ users }) => users.findOne({ _id }, { projection: { _id: 0, displayName: 1, avatar: 1 } }));
      return found === null ? undefined : ({ user, ...found } as unknown as StoredUser);
    },
    channel: async (channel) => {
      const _id = text(channel);
      const found = await run("channel", ({ channels }) => channels.findOne({ _id }, { projection: { _id: 0, word: 0 } }));
      if (found === null) return undefined;
      const { shown, ...fields } = found as unknown as Omit<StoredChannel, "channel" | "id"> & { readonly shown: string };
      return { channel, id: shown, ...fields };
    },
    channelBehind: async (alias) => {
      const _id = text(alias);
      return (await run("alias", ({ aliases }) => aliases.findOne({ _id })))?.["channel"] ?? undefined;
    },
    webhooksOf: async (channel) => {
      const filter = { channel: text(channel), url: { $gt: "" } };
      const found = await run("webhooks-of", ({ webhooks }) => webhooks.find(filter).sort({ _id: 1 }).toArray());
      return found.map(({ _id, ...fields }) => webhookFrom(_id, fields));
    },
    channelsOf: async (user) => {
      const filter = { user: text(user), ...IN_FORCE };
      return run("channels-of", ({ memberships }) => inForce(memberships.find(filter).sort({ channel: 1 })));
    },
    membersOf: async (channel, { after, limit }) => {
      const filter = { channel: text(channel), user: { $gt: after === undefined ? "" : text(after) }, ...IN_FORCE };
      const most = Math.max(1, Math.floor(limit));
      return run("members-of", ({ memberships }) => inForce(memberships.find(filter).sort({ user: 1 }).limit(most)));
    },
    memberships: async function* () {
      const { memberships } = collections(await link.reach());
      const cursor = memberships.find(EVERYBODY, { batchSize: PAGE }).sort({ user: 1, channel: 1 }).project(COVERED);
      let page: { readonly user: string; readonly channel: string }[] = [];
      for await (const { user, channel } of cursor) {
        page.push({ user: user as string, channel: channel as string });
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    },
    membershipsSaid: async (after, limit) => {
      const filter = { _id: { $gt: text(after) } };
      const most = Math.max(1, Math.floor(limit));
      const found = await run("memberships-said", ({ memberships }) => memberships.find(filter).sort({ _id: 1 }).limit(most).toArray());
      return found.map(saidOf);
    },
    forget: async (said) => {
      const deletes = said.map(({ channel, user, word }) => ({
        deleteOne: { filter: { _id: `${text(channel)}|${text(user)}`, word: word === "" ? null : text(word) } },
      }));
      if (deletes.length > 0)
        await run("forget", ({ memberships }) => memberships.bulkWrite(deletes as AnyBulkWriteOperation<DirectoryDocument>[]));
    },
    close: () => link.close(),
  };
}

const inForce = (cursor: { project(fields: typeof COVERED): { toArray(): Promise<unknown[]> } }): Promise<readonly InForce[]> =>
  cursor.project(COVERED).toArray() as Promise<readonly InForce[]>;

/** Whoever has changed documents by hand may have left things out. */
function saidOf({ _id, word, role }: Partial<DirectoryDocument>): SaidMembership {
  const [channel = "", user = ""] = String(_id).split("|", 2);
  return { channel, user, role: (role ?? null) as Role | null, word: word ?? "" };
}

/**
 * Made where it is missing, then replaced where what stands there is no newer: whoever writes at the same time, the newest word wins, and no
 * writer fails because of another.
 */
function guarded(rows: readonly DirectoryRow[]): AnyBulkWriteOperation<DirectoryDocument>[] {
  return rows.flatMap(({ id, word, fields }) => [
    { updateOne: { filter: { _id: id }, update: { $setOnInsert: { word, ...fields } }, upsert: true } },
    ...(word === "" ? [] : [{ updateOne: { filter: { _id: id, word: { $not: { $gt: word } } }, update: { $set: { word, ...fields } } } }]),
  ]);
}
