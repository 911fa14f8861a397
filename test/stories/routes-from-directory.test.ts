/**
 * A region's routing table, built anew from a real MongoDB: after its snapshot was lost, while MongoDB lags, when it is silent, and when somebody
 * has changed documents by hand (D11, M4, M5).
 */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Collection, MongoClient } from "mongodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Timers } from "../../core/ports/time.ts";
import { MemberRoutes } from "../../gateway/member-routes.ts";
import { openMetrics } from "../../gateway/metrics.ts";
import { openLoneRegisters } from "../../reconciliation/lone-registers.ts";
import { openRegion } from "../../reconciliation/region.ts";
import type { Region } from "../../reconciliation/region-ports.ts";
import { openBootClock } from "../../regions/boot-clock.ts";
import { openLmdbStore } from "../../regions/embedded/lmdb-store.ts";
import { emptyLog, type KeptLog, openMemoryLog } from "../../regions/embedded/memory-log.ts";
import { openMongo } from "../../regions/mongodb/connection.ts";
import { openMongoDirectory } from "../../regions/mongodb/directory.ts";
import { openRealTimers } from "../../regions/real-timers.ts";
import { openRouteSnapshots } from "../../regions/route-snapshots.ts";
import { type MongoSet, mongodForTests, startMongo } from "../servers/mongodb.ts";
import { until } from "../servers/server.ts";
import { PEERLESS } from "./peerless-link.ts";

const program = await mongodForTests();
const USERS = 40;
/** Whether the region looks through its directory by itself, each two seconds. */
let checks = true;
const CHECK_MS = 2_000;
const real = openRealTimers();
const timers: Timers = {
  ...real,
  every: (periodMs, run) => real.every(periodMs, () => (periodMs !== CHECK_MS || checks) && run()),
};
const breathe = (): Promise<void> => new Promise((later) => setImmediate(later));

interface Row {
  readonly _id: string;
  readonly channel: string;
  readonly user: string;
  readonly role: string | null;
}

/** One life of a region's process on a disk and a log that outlive it. */
interface Life {
  readonly region: Region;
  readonly routes: MemberRoutes;
  /** Documents that the region has put right. */
  readonly mended: () => number;
  /** Entries of the table that were wrong. */
  readonly mismatches: () => Promise<number>;
  /** How the table came to be. */
  readonly how: () => string;
  end(): Promise<void>;
}

describe.runIf(program !== undefined)("a routing table from MongoDB", () => {
  let mongo: MongoSet;
  let shell: MongoClient;
  let folder: string;
  let database: string;
  let kept: KeptLog;
  let life: Life;
  let channels: string[];
  beforeAll(async () => {
    mongo = await startMongo(program!);
    shell = await new MongoClient(mongo.uri).connect();
  });
  afterAll(async () => {
    await shell.close();
    await mongo.stop();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "atoll-routes-"));
    database = `routes_${randomUUID().slice(0, 8)}`;
    checks = true;
    kept = emptyLog();
    channels = [];
    life = await begin();
    for (let nth = 0; nth < 3; nth += 1) {
      const made = await command("ana", { kind: "channel.create", name: `channel ${nth}`, members: [] });
      channels.push(String(made["id"]));
    }
    for (let user = 0; user < USERS; user += 1) await member(`u${user}`, channels[user % 3] ?? "");
    await brought();
  });
  afterEach(async () => {
    await life.end();
    await rm(folder, { recursive: true, force: true });
  });

  async function begin(): Promise<Life> {
    const store = await openLmdbStore({ directory: join(folder, "store") });
    const directory = openMongoDirectory(openMongo({ uri: mongo.uri, database }));
    const metrics = openMetrics({ region: "us", version: "test" });
    let mended = 0;
    const region = await openRegion({
      ...{
        region: "us",
        regions: ["us"],
        store: openLoneRegisters(store),
        log: openMemoryLog("us", 1, kept),
        link: PEERLESS,
        timers,
        physical: openBootClock(0),
      },
      ...{ random: Math.random, secret: "the mesh's secret", boot: randomUUID(), directory },
      watch: { mended: (_, rows) => void (mended += rows) },
    });
    const routes = new MemberRoutes({
      ...{ source: region.routes, snapshots: openRouteSnapshots(folder), metrics, monotonicMs: () => timers.monotonicMs() },
      log: { info: () => {}, warn: () => {}, error: () => {} },
    });
    const deaf = region.feed.listen((told) => routes.hear(told));
    return {
      region,
      routes,
      mended: () => mended,
      mismatches: async () => (await metrics.routingMismatches.get()).values.reduce((sum, { value }) => sum + value, 0),
      how: () => routes.ready().detail ?? "",
      end: async () => {
        deaf();
        await region.drain();
        await directory.close();
        await store.close();
      },
    };
  }
  const command = async (user: string, of: object): Promise<Readonly<Record<string, unknown>>> =>
    (await life.region.acceptor.submit({ user, roles: ["user"] }, { id: randomUUID(), ...of } as never)).result as never;
  const member = (user: string, channel: string) => command("ana", { kind: "member.set", channel, user, role: "member" });
  const leave = (user: string, channel: string) => command("ana", { kind: "member.remove", channel, user });
  const brought = (): Promise<unknown> =>
    until("MongoDB has everything", () => {
      const [facts] = life.region.projections();
      return facts?.state === "live" && facts.waiting === 0 && life.region.health().rowsAhead === 0;
    });
  const everybody = [...Array.from({ length: USERS + 20 }, (_, nth) => `u${nth}`), "ana", "mallory"];
  const table = (): readonly string[] =>
    everybody.flatMap((user) => life.routes.channelsOf(user).map((channel) => `${user} ${channel}`)).sort();
  const truth = (): readonly string[] =>
    everybody.flatMap((user) => life.region.routes.channelsOf(user).map((channel) => `${user} ${channel}`)).sort();
  /** What somebody with a shell does. */
  const byHand = <T>(work: (documents: Collection<Row>) => Promise<T>): Promise<T> =>
    work(shell.db(database).collection<Row>("memberships"));
  const updatesFail = (mode: "alwaysOn" | "off"): Promise<unknown> =>
    mongo.command(mongo.members[0]!, {
      ...{ configureFailPoint: "failCommand", mode },
      ...(mode === "off" ? {} : { data: { failCommands: ["update"], errorCode: 2 } }),
    });
  /** The process ends, something happens, and it starts again without a snapshot. */
  async function again(meanwhile: () => unknown = () => {}): Promise<void> {
    await life.end();
    await rm(join(folder, "routes.snapshot"), { force: true });
    await meanwhile();
    life = await begin();
    await life.routes.build(breathe);
  }

  test("its snapshot is lost: what MongoDB holds is the whole table", async () => {
    await life.routes.build(breathe);
    await life.routes.save();
    await again();
    expect(life.how()).toMatch(/, read from the directory store and \d+ changes$/);
    expect(table()).toEqual(truth());
    expect(table()).toHaveLength(USERS + 3);
  });

  test("MongoDB lags: what came after its note is added before the table stands", async () => {
    await updatesFail("alwaysOn");
    try {
      for (let user = USERS; user < USERS + 20; user += 1) await member(`u${user}`, channels[0] ?? "");
      for (let user = 0; user < 10; user += 1) await leave(`u${user}`, channels[user % 3] ?? "");
      await until("the disk has it", () => life.region.health().rowsAhead === 0);
      await again();
      expect(life.how()).toMatch(/, read from the directory store and ([3-9]\d|\d{3}) changes$/);
      expect(table()).toEqual(truth());
      expect(table()).toHaveLength(USERS + 3 + 20 - 10);
    } finally {
      await updatesFail("off");
    }
    await brought();
    expect(await byHand((documents) => documents.countDocuments({ role: { $ne: null } }))).toBe(table().length);
  });

  test("MongoDB is silent: nobody waits for it, the region's own disk has everything", async () => {
    try {
      await again(() => mongo.members[0]?.pause());
      expect(life.how()).toMatch(/, read from the store$/);
      expect(table()).toEqual(truth());
    } finally {
      mongo.members[0]?.resume();
    }
  });

  test("MongoDB was changed by hand: the table is put right by the check, and so are the documents, and both are counted", async () => {
    const spoil = () =>
      byHand(async (documents) => {
        await documents.deleteOne({ user: "u1" });
        await documents.updateOne({ user: "u2" }, { $set: { role: null } });
        await documents.insertOne({ _id: "somewhere|mallory", channel: "somewhere", user: "mallory", role: "owner" });
      });
    checks = false;
    await again(spoil);
    expect(life.how()).toMatch(/, read from the directory store and 0 changes$/);
    expect(table()).not.toEqual(truth());
    life.routes.sweep();
    life.routes.sweep();
    expect(table()).toEqual(truth());
    expect(await life.mismatches()).toBe(3);
    expect(life.mended()).toBe(0);
    checks = true;
    await until("the documents are right", () => life.mended() === 3);
    const said = await byHand((documents) => documents.find({ role: { $ne: null } }).toArray());
    expect(said.map(({ user, channel }) => `${user} ${channel}`).sort()).toEqual(truth());
  });
});
