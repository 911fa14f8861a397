/** What a play asks of the mesh: cuts, tokens, histories, presence, and the proof at the end. */
import { setTimeout as pause } from "node:timers/promises";
import type { VerifyReport } from "../../core/ports/boards.ts";
import { Stop } from "../cli/answer.ts";
import { mintToken } from "../cli/mint.ts";
import { giveOrder, readyDocument } from "../cli/reach.ts";
import { meshFolder, readJson, readSecret } from "../mesh/folder.ts";
import type { Topology, TopologyRegion } from "../topology.ts";
import { call } from "./door.ts";
import { RollCall } from "./roll-call.ts";

const TOKEN_MS = 7 * 24 * 3_600_000;
const QUESTION_MS = 60_000;
const ALIVE_MS = 10_000;
/** A cut is proved within half a minute, and its length counts from there. */
const LEFT_ALONE_MS = 40_000;
/** Of a large state on a busy machine. */
const VERIFY_MS = 300_000;
const NOT_EQUAL: VerifyReport = { equal: false, asOf: {}, digest: null, regions: {}, differences: [] };
const PAGE = 500;

export interface MeshAccess {
  /** What each says of its links. Throws a Stop that names who does not answer: what is played would wait for them for ever. */
  readonly everybodyAnswers: () => Promise<readonly { readonly region: string; readonly state: string }[]>;
  readonly regions: readonly TopologyRegion[];
  readonly tokenOf: (user: string) => Promise<string>;
  /** Healed by the mesh itself a while after `lengthMs`, should nobody be left to heal it. */
  readonly cut: (regions: readonly string[], lengthMs: number) => Promise<unknown>;
  readonly heal: (regions: readonly string[]) => Promise<unknown>;
  /** Proved equal, or as it was when the limit had passed or somebody was found to be gone: a crash is restarted sooner than that. */
  readonly untilEqual: (limitMs: number) => Promise<VerifyReport & { readonly gone: readonly string[] }>;
  /** Regions that have answered nobody for a while: what they are waited for will not come. Asks each of them once. */
  readonly gone: () => Promise<readonly string[]>;
  /** Whether every region says that all of these users are online. */
  readonly online: (users: readonly string[], channel: string) => Promise<boolean>;
  /** The regions that say this user is connected somewhere. */
  readonly shownIn: (user: string, channel: string) => Promise<readonly string[]>;
  /** Ids of all messages that a region's history shows of a channel. */
  readonly history: (region: string, channel: string, user: string) => Promise<readonly string[]>;
  /** How many conflicts are logged in these channels, by the word of the first region that is not gone. */
  readonly conflicts: (channels: readonly string[], gone: readonly string[]) => Promise<number>;
}

export function openAccess(data: string): MeshAccess {
  readyDocument(data);
  const folder = meshFolder(data);
  const regions = readJson<Topology>(folder.topologyFile)?.regions.filter(({ retired }) => !retired);
  const secret = readSecret(folder);
  if (regions === undefined || secret === undefined)
    throw new Stop(3, `the folder ${folder.root} is incomplete`, "start the mesh again: atoll down && atoll up");
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (user: string, roles: readonly string[] = ["user"]): Promise<string> => {
    const key = `${user} ${roles}`;
    let token = tokens.get(key);
    if (token === undefined) tokens.set(key, (token = mintToken(secret, { user, roles, ttlMs: TOKEN_MS }).then((minted) => minted.token)));
    return token;
  };
  const read = async <T>(region: TopologyRegion, path: string, token: string, timeoutMs = QUESTION_MS): Promise<T> => {
    const { status, body } = await call(region.url, { method: "GET", path, token, timeoutMs }).catch((error: NodeJS.ErrnoException) => {
      throw new Stop(
        3,
        `${region.name} does not answer: ${error.code ?? error.message}`,
        `atoll status; if it is dead: atoll start ${region.name}`,
      );
    });
    if (status !== 200) throw new Error(`${region.name} answered ${status} to ${path}`);
    return body as T;
  };
  const operator = (): Promise<string> => tokenOf("atoll-operator", ["operator"]);
  const verify = async (at: TopologyRegion): Promise<VerifyReport> => read<VerifyReport>(at, "/v1/verify", await operator(), VERIFY_MS);
  /** Says it whatever it says. */
  const isThere = async ({ url }: TopologyRegion): Promise<boolean> => {
    const asked = { method: "GET", path: "/v1/sync", token: await operator(), timeoutMs: ALIVE_MS };
    return call(url, asked).then(
      () => true,
      () => false,
    );
  };
  const roll = new RollCall(
    regions.map(({ name }) => name),
    async (name) => isThere(regions.find((one) => one.name === name) as TopologyRegion),
  );
  const items = async (region: TopologyRegion, path: string, param: string, token: string): Promise<readonly { readonly id: string }[]> => {
    const found: { readonly id: string }[] = [];
    for (let next = ""; ; ) {
      const page = await read<{ items: { id: string }[]; next: string | null }>(
        region,
        `${path}${path.includes("?") ? "&" : "?"}limit=${PAGE}${next}`,
        token,
      );
      found.push(...page.items);
      if (page.next === null || page.items.length === 0) return found;
      next = `&${param}=${encodeURIComponent(page.next)}`;
    }
  };
  return {
    everybodyAnswers: async () => {
      const token = await operator();
      return Promise.all(regions.map((region) => read<{ region: string; state: string }>(region, "/v1/sync", token, ALIVE_MS)));
    },
    regions,
    tokenOf,
    cut: (names, lengthMs) => giveOrder(data, { order: "cut", regions: names, forMs: lengthMs + LEFT_ALONE_MS }),
    heal: (names) => giveOrder(data, { order: "heal", regions: names }),
    untilEqual: async (limitMs) => {
      const started = performance.now();
      for (;;) {
        const { there, gone } = await roll.call();
        const first = regions.find(({ name }) => there.includes(name));
        const report = first && (await verify(first).catch(() => undefined));
        if (report?.equal) return { ...report, gone: [] };
        if (gone.length > 0 || performance.now() - started > limitMs) return { ...(report ?? NOT_EQUAL), gone };
        await pause(500);
      }
    },
    gone: async () => (await roll.call()).gone,
    online: async (users, channel) => {
      const boards = await Promise.all(
        regions.map(async (region) =>
          read<{ items: { user: string; status: string }[] }>(
            region,
            `/v1/presence?channel=${channel}`,
            await tokenOf(users[0] ?? ""),
          ).catch(() => ({ items: [] })),
        ),
      );
      return boards.every(({ items: shown }) => users.every((user) => shown.some((one) => one.user === user && one.status === "online")));
    },
    shownIn: async (user, channel) => {
      const token = await tokenOf(user);
      const boards = await Promise.all(
        regions.map(async (region) => {
          const { items: shown } = await read<{ items: { user: string; status: string }[] }>(
            region,
            `/v1/presence?channel=${channel}`,
            token,
          );
          return shown.some((one) => one.user === user && one.status !== "unknown") ? [region.name] : [];
        }),
      );
      return boards.flat();
    },
    history: async (name, channel, user) => {
      const region = regions.find((one) => one.name === name) as TopologyRegion;
      return (await items(region, `/v1/channels/${channel}/messages`, "before", await tokenOf(user))).map(({ id }) => id);
    },
    conflicts: async (channels, gone) => {
      const region = regions.find(({ name }) => !gone.includes(name));
      if (region === undefined) return 0;
      const token = await tokenOf("atoll-auditor", ["auditor"]);
      let count = 0;
      for (const channel of channels) count += (await items(region, `/v1/conflicts?channel=${channel}`, "cursor", token)).length;
      return count;
    },
  };
}
