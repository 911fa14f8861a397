/** What can befall the real stores while people write. Each ends with everything in order again, as far as its operator can see. */
import { setTimeout as pause } from "node:timers/promises";
import type { AllStores } from "../servers/all-stores.ts";
import type { SmallDisk } from "./small-disk.ts";

export interface Stage {
  readonly stores: AllStores;
  /** The disks of Cassandra's data files and of MongoDB's members; undefined where they have no small ones. */
  readonly disks: { readonly cassandra: SmallDisk; readonly mongodb: readonly SmallDisk[] } | undefined;
  /** Resolves when a region calls this store degraded. */
  degraded(store: string): Promise<void>;
  /** How long trouble lasts where the fault leaves it open, ms. */
  readonly lengthMs: number;
}
export interface Fault {
  readonly name: string;
  /** The store that is called degraded by it. */
  readonly store: "cassandra" | "mongodb" | "redis";
  readonly needsDisk?: true;
  /** Some trouble is over, or covered by another server, before it is noticed. */
  readonly mayPassUnnoticed?: true;
  readonly befall: (stage: Stage) => Promise<void>;
}

const SLOW_MS = 2_000;
/** Longer than any trouble: it is ended by hand. */
const LONG_S = 600;

/** Cassandra finds its disk unfit when it flushes; `disk_failure_policy: stop` ends its connections, and its operator starts it again. */
async function unfitDisk({ stores: { cassandra }, degraded }: Stage, spoil: () => void, mend: () => void): Promise<void> {
  spoil();
  try {
    await cassandra.nodetool("flush").catch(() => {}); // it fails, as it should
    await degraded("cassandra");
  } finally {
    mend();
  }
  await cassandra.kill();
  await cassandra.start();
}

export const FAULTS: readonly Fault[] = [
  {
    name: "Cassandra's disk is full",
    store: "cassandra",
    needsDisk: true,
    befall: (stage) => unfitDisk(stage, () => stage.disks?.cassandra.fill(), () => stage.disks?.cassandra.makeRoom()), // biome-ignore format: one thought
  },
  {
    name: "Cassandra's disk is read-only",
    store: "cassandra",
    needsDisk: true,
    befall: (stage) => unfitDisk(stage, () => stage.disks?.cassandra.readOnly(true), () => stage.disks?.cassandra.readOnly(false)), // biome-ignore format: one thought
  },
  {
    name: "Cassandra answers two seconds late",
    store: "cassandra",
    befall: async ({ stores: { slow }, degraded, lengthMs }) => {
      slow.cassandra.delay(SLOW_MS);
      try {
        await degraded("cassandra");
        await pause(lengthMs);
      } finally {
        slow.cassandra.delay(0);
      }
    },
  },
  {
    name: "MongoDB's primary stands still",
    store: "mongodb",
    mayPassUnnoticed: true,
    befall: async ({ stores: { mongo }, lengthMs }) => {
      const primary = await mongo.primary();
      primary.pause();
      await pause(lengthMs);
      primary.resume();
    },
  },
  {
    name: "the disk of MongoDB's primary is full",
    store: "mongodb",
    needsDisk: true,
    mayPassUnnoticed: true,
    befall: async ({ stores: { mongo }, disks }) => {
      const primary = await mongo.primary();
      const disk = disks?.mongodb[mongo.members.indexOf(primary)];
      disk?.fill();
      await mongo.command(primary, { fsync: 1 }).catch(() => {}); // what it would do by itself each minute
      await primary.ended(); // it does not go on without its files; the others elect one of themselves
      disk?.makeRoom();
      await primary.start();
    },
  },
  {
    name: "MongoDB can be read and not written: its primary is locked, as for a backup of its files",
    store: "mongodb",
    befall: async ({ stores: { mongo }, degraded, lengthMs }) => {
      const primary = await mongo.primary();
      await mongo.command(primary, { fsync: 1, lock: true });
      try {
        await degraded("mongodb");
        await pause(lengthMs);
      } finally {
        await mongo.command(primary, { fsyncUnlock: 1 });
      }
    },
  },
  {
    name: "MongoDB is read-only: no member may become primary",
    store: "mongodb",
    befall: async ({ stores: { mongo }, degraded, lengthMs }) => {
      const primary = await mongo.primary();
      const others = mongo.members.filter((member) => member !== primary);
      for (const member of others) await mongo.command(member, { replSetFreeze: LONG_S });
      await mongo.command(primary, { replSetStepDown: LONG_S, secondaryCatchUpPeriodSecs: 0, force: true }).catch(() => {}); // it may hang up on us
      try {
        await degraded("mongodb");
        await pause(lengthMs);
      } finally {
        for (const member of mongo.members) await mongo.command(member, { replSetFreeze: 0 });
      }
      await mongo.settled();
    },
  },
  {
    name: "MongoDB answers two seconds late",
    store: "mongodb",
    befall: async ({ stores: { mongo }, degraded, lengthMs }) => {
      const late = { failCommands: ["find", "insert", "update"], blockConnection: true, blockTimeMS: SLOW_MS };
      const set = async (mode: "alwaysOn" | "off"): Promise<void> => {
        for (const member of mongo.members)
          await mongo.command(member, { configureFailPoint: "failCommand", mode, ...(mode === "off" ? {} : { data: late }) });
      };
      await set("alwaysOn");
      try {
        await degraded("mongodb");
        await pause(lengthMs);
      } finally {
        await set("off");
      }
    },
  },
  {
    name: "Redis answers two seconds late",
    store: "redis",
    befall: async ({ stores: { slow }, degraded, lengthMs }) => {
      slow.redis.delay(SLOW_MS);
      try {
        await degraded("redis");
        await pause(lengthMs);
      } finally {
        slow.redis.delay(0);
      }
    },
  },
  {
    name: "Redis is flushed, again and again",
    store: "redis",
    mayPassUnnoticed: true,
    befall: async ({ stores: { redis }, lengthMs }) => {
      const untilMs = performance.now() + lengthMs;
      while (performance.now() < untilMs) {
        await redis.flush();
        await pause(1_000);
      }
    },
  },
];
