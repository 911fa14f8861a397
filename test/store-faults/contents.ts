/** Whether the real stores of a region hold what its embedded one does: every message, version, conflict, audit entry and membership. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { HistoryStore, StoredMessage } from "../../core/ports/history-store.ts";
import { placeOf } from "../../core/ports/history-store.ts";
import type { StateStore } from "../../core/ports/state-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { readKey } from "../../core/register.ts";
import { messageWrite } from "../../reconciliation/history-sink.ts";
import { openLoneRegisters } from "../../reconciliation/lone-registers.ts";
import { auditEntries } from "../../reconciliation/read/audit-view.ts";
import { memberView } from "../../reconciliation/read/member-view.ts";
import { shownNames } from "../../reconciliation/read/shown-names.ts";
import { openCassandra } from "../../regions/cassandra/open.ts";
import { openLmdbStore } from "../../regions/embedded/lmdb-store.ts";
import { meshFolder, readSecret } from "../../regions/mesh/folder.ts";
import { settingsOf } from "../../regions/mesh/store-switches.ts";
import { openMongo } from "../../regions/mongodb/connection.ts";
import { openMongoDirectory } from "../../regions/mongodb/directory.ts";

export interface Compared {
  readonly region: string;
  readonly messages: number;
  readonly versions: number;
  readonly conflicts: number;
  readonly audit: number;
  readonly memberships: number;
  /** What differs, the first of each kind. */
  readonly differences: readonly string[];
}
export interface StoreAddresses {
  readonly cassandra: string;
  readonly mongodb: string;
}

const PAGE = 1_000;
const AT_ONCE = 64;

/** A mesh in `data` may run: what is compared is what its regions have committed. */
export async function compareStores(data: string, region: string, { cassandra, mongodb }: StoreAddresses): Promise<Compared> {
  const settings = settingsOf({ cassandra, mongodb }, region, readSecret(meshFolder(data)) ?? "");
  const { history } = openCassandra({
    contactPoints: cassandra.split(","),
    keyspace: settings["ATOLL_CASSANDRA_KEYSPACE"] ?? "",
    boot: "onlooker",
    nowMs: Date.now,
    pause,
    mayMigrate: false,
    readMs: 10_000,
  });
  const directory = openMongoDirectory(openMongo({ uri: settings["ATOLL_MONGODB_URI"] ?? "", database: "none" }));
  const store = openLoneRegisters(await openLmdbStore({ directory: join(data, region, "state", "store") }));
  try {
    const registers = [...store.range("registers", keysUnder(""))];
    const bodies = registers.filter(([key]) => readKey(key).kind === "body");
    const wantedMessages = bodies
      .flatMap(([key]) => messageWrite(store, key, 0) ?? [])
      .map(({ word: _, formerly: __, ...message }) => message);
    const channels = [...new Set(registers.map(([key]) => readKey(key).channel))];
    const held = (await Promise.all(channels.map((channel) => wholeChannel(history, channel)))).flat();
    const wantedVersions = new Map(bodies.map(([key, { entries }]) => [key as string, entries]));
    const versions = new Map<string, unknown>();
    await eachOf(bodies, async ([key]) => {
      const { channel, ids } = readKey(key);
      versions.set(key, await history.versions(channel, ids[0] ?? ""));
    });
    const records = registers.flatMap(([, { resolution }]) => resolution.records);
    const conflicts = (await Promise.all(channels.map((channel) => history.conflicts(channel, { limit: 1e6 })))).flat();
    const audit = await wholeAudit(history, store, region);
    const members = new Set<string>();
    for await (const page of directory.memberships()) for (const { user, channel } of page) members.add(`${channel}|${user}`);
    const wantedMembers = registers.flatMap(([key, register]) => {
      const { channel, kind, ids } = readKey(key);
      return kind === "member" && memberView(register)?.role !== undefined ? [[`${channel}|${ids[0]}`, true] as const] : [];
    });
    return {
      region,
      messages: held.length,
      versions: versions.size,
      conflicts: conflicts.length,
      audit: audit.held.size,
      memberships: members.size,
      differences: [
        ...differing("message", byKey(wantedMessages, nameOf), byKey(held, nameOf)),
        ...differing("versions of", wantedVersions, versions),
        ...differing(
          "conflict",
          byKey(records, ({ id }) => id),
          new Map(conflicts.map(({ id, record }) => [id, record])),
        ),
        ...differing("audit entry", audit.wanted, audit.held),
        ...differing("membership", new Map(wantedMembers), new Map([...members].map((one) => [one, true]))),
      ],
    };
  } finally {
    await Promise.all([history.close(), directory.close(), store.close()]);
  }
}

const nameOf = (message: StoredMessage): string => `${message.channel}|${placeOf(message)}`;
const byKey = <T>(all: readonly T[], key: (one: T) => string): ReadonlyMap<string, T> => new Map(all.map((one) => [key(one), one]));

async function wholeChannel(history: HistoryStore, channel: string): Promise<readonly StoredMessage[]> {
  const all: StoredMessage[] = [];
  for (let last: StoredMessage | undefined; ; last = all.at(-1)) {
    const page = await history.page(channel, { limit: PAGE, ...(last === undefined ? {} : { before: placeOf(last) }) });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}

async function wholeAudit(history: HistoryStore, store: StateStore, region: string) {
  const wanted = byKey([...auditEntries(store, shownNames(store), { after: 0, upTo: 1e12, limit: 1e12 })], ({ seq }) => String(seq));
  const held = await history.audit(region, { after: 0, limit: 1e9 });
  return { wanted, held: byKey(held, ({ seq }) => String(seq)) };
}

async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function differing(kind: string, wanted: ReadonlyMap<string, unknown>, held: ReadonlyMap<string, unknown>): readonly string[] {
  const keys = [...new Set([...wanted.keys(), ...held.keys()])];
  const wrong = keys.filter((key) => plain(wanted.get(key)) !== plain(held.get(key)));
  const [first] = wrong;
  if (first === undefined) return [];
  return [`${wrong.length} times: ${kind} ${first} is ${plain(held.get(first))}, not ${plain(wanted.get(first))}`.slice(0, 600)];
}

/** Without the order of fields: what was written in one order may be read in another. */
const plain = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? "absent";
