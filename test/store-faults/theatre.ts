/** A mesh of three regions on real stores, in which chat is played while something befalls a store. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PlayReport } from "../../regions/play/performance.ts";
import { MeshUnderTest, until } from "../e2e/atoll.ts";
import type { AllStores } from "../servers/all-stores.ts";
import { startAllStores, upArguments } from "../servers/all-stores.ts";
import { runFolder } from "../servers/run-folder.ts";
import type { Compared } from "./contents.ts";
import { compareStores } from "./contents.ts";
import type { Fault, Stage } from "./faults.ts";
import { smallDisk } from "./small-disk.ts";

export interface Told {
  readonly report: PlayReport;
  /** Stores that any region called degraded while the play went on. */
  readonly degraded: readonly string[];
  /** From the end of the play until every store had everything, ms. */
  readonly broughtMs: number;
  readonly compared: readonly Compared[];
}
export interface Played {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly fault?: Fault;
  readonly lengthMs?: number;
}
export interface Theatre {
  readonly mesh: MeshUnderTest;
  readonly stores: AllStores;
  /** Whether Cassandra and MongoDB's members have small disks of their own here. */
  readonly hasDisks: boolean;
  play(played: Played): Promise<Told>;
  close(): Promise<void>;
}

const BROUGHT_MS = 120_000;

/** `small`: whether Cassandra's data files and MongoDB's are on small disks, where such can be had. */
export async function openTheatre(regions: readonly string[], { small }: { readonly small: boolean }): Promise<Theatre> {
  const folder = join(runFolder(), "theatre");
  const disks = small ? smallDisks(folder) : undefined;
  const mongodb = (nth: number): string | undefined => (disks === undefined ? undefined : memberFolder(folder, nth));
  const stores = await startAllStores({ cassandra: folder, mongodb });
  const mesh = new MeshUnderTest();
  const close = async (): Promise<void> => {
    await mesh.remove();
    await stores.stop();
    for (const disk of disks === undefined ? [] : [disks.cassandra, ...disks.mongodb]) disk.remove();
  };
  const { code, stderr } = await mesh.up("--regions", regions.join(), ...upArguments(stores));
  if (code !== 0) {
    await close();
    throw new Error(`no mesh: ${stderr}`);
  }
  // Schema is not flushed table by table here, which takes half a minute: once is enough, before anybody kills the node.
  await until("every store has everything", () => nothingWaits(mesh), BROUGHT_MS);
  await stores.cassandra.nodetool("flush");
  const onlooker = await mesh.person("onlooker");
  const degradedIn = async (region: string): Promise<readonly string[]> =>
    ((await onlooker.read(region, "/v1/sync"))["degraded"] ?? []) as readonly string[];
  const degradedNow = async (): Promise<readonly string[]> => [...new Set((await Promise.all(regions.map(degradedIn))).flat())];

  return {
    mesh,
    stores,
    hasDisks: disks !== undefined,
    close,
    play: async ({ file, arguments: args, fault, lengthMs = 5_000 }) => {
      await mesh.settled();
      const degraded = new Set<string>();
      let playing = true;
      const run = mesh.run("play", file, ...args).finally(() => {
        playing = false;
      });
      const watching = until(
        "the play ends",
        async () => {
          for (const store of await degradedNow()) degraded.add(store);
          return !playing;
        },
        3_600_000,
      );
      const degradedSoon = async (store: string): Promise<void> =>
        void (await until(`${store} is called degraded`, () => degraded.has(store), 60_000));
      await fault?.befall({ stores, disks, lengthMs, degraded: degradedSoon });
      const { stdout, stderr: words } = await run;
      await watching;
      if (stdout === "") throw new Error(words);
      const broughtMs = await until(
        "every store has everything",
        async () => (await degradedNow()).length === 0 && (await nothingWaits(mesh)),
        BROUGHT_MS,
      );
      await mesh.settled();
      const compared = await sameAsEmbedded(mesh, stores, regions);
      return { report: JSON.parse(stdout) as PlayReport, degraded: [...degraded].sort(), broughtMs, compared };
    },
  };
}

const memberFolder = (folder: string, nth: number): string => join(folder, `mongodb-${nth}`);
/** A member of MongoDB keeps its log of changes (64 MB at most) beside its documents. */
const MEMBER_MB = 160;

function smallDisks(folder: string): Stage["disks"] {
  const cassandra = smallDisk(join(folder, "data"));
  if (cassandra === undefined) return undefined;
  return { cassandra, mongodb: [0, 1, 2].flatMap((nth) => smallDisk(memberFolder(folder, nth), MEMBER_MB) ?? []) };
}

async function nothingWaits(mesh: MeshUnderTest): Promise<boolean> {
  const { regions } = JSON.parse((await mesh.run("stores")).stdout) as {
    readonly regions: readonly { readonly items?: readonly { readonly state: string; readonly waiting: number }[] }[];
  };
  return regions.every(({ items = [] }) => items.length > 0 && items.every(({ state, waiting }) => state === "live" && waiting === 0));
}

/** A region may write something of its own meanwhile (an anchor of a peer's audit log): then it is looked at again. */
async function sameAsEmbedded(mesh: MeshUnderTest, stores: AllStores, regions: readonly string[]): Promise<readonly Compared[]> {
  let last: readonly Compared[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    last = [];
    for (const region of regions) last = [...last, await compareStores(mesh.data, region, stores.addresses)];
    if (last.every(({ differences }) => differences.length === 0)) break;
  }
  return last;
}

/** Chat made up: so many messages by thirty people in five channels. */
export function madeUp(folder: string, messages: number): string {
  const lines = Array.from({ length: messages }, (_, nth) => ({ channel: `c${nth % 5}`, user: `u${nth % 30}`, text: `line ${nth}` }));
  const file = join(folder, "chat.jsonl");
  writeFileSync(file, lines.map((line) => JSON.stringify(line)).join("\n"));
  return file;
}
