/** What the thread that reads the store and the one that writes it open alike: one LMDB environment a region, one sub-database a table. */
import { type Database, open, type RootDatabase } from "lmdb";
import type { TableName } from "../../core/ports/state-store.ts";

/** Every table, so that a table without a name here does not compile. */
const TABLES: { readonly [T in TableName]: true } = {
  registers: true,
  timeline: true,
  memberships: true,
  events: true,
  commands: true,
  conflicts: true,
  channelConflicts: true,
  losers: true,
  contested: true,
  digests: true,
  positions: true,
  awaiting: true,
  quarantine: true,
  audit: true,
  rejudged: true,
  witnesses: true,
  documents: true,
  documentStates: true,
  documentTails: true,
  webhooks: true,
  hookQueue: true,
  hooks: true,
  facts: true,
};
export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[];

export type Root = RootDatabase<unknown, string>;
export type Table = Database<unknown, string>;

/**
 * Rows are JSON, not msgpack: they come back exactly as the log's text gave them, also a field named "__proto__" or half a surrogate pair, which
 * msgpack would change; undefined fields vanish.
 */
const ENCODING = "json";

export const openRoot = (directory: string, readOnly: boolean): Root =>
  open<unknown, string>({ path: directory, noSubdir: false, encoding: ENCODING, maxDbs: TABLE_NAMES.length + 8, readOnly });

export const openTables = (root: Root): ReadonlyMap<TableName, Table> =>
  new Map(TABLE_NAMES.map((name) => [name, root.openDB<unknown, string>({ name, encoding: ENCODING, cache: false })]));
