/** A directory that follows replicas: away, behind, written by two regions at once, in the end it says what the registers say. */
import { expect, test } from "vitest";
import type { DirectoryStore } from "../../core/ports/directory-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { readKey, registerKey } from "../../core/register.ts";
import { type WebhookValue, webhookValue } from "../../core/webhooks.ts";
import { directorySink } from "../../reconciliation/directory-sink.ts";
import { VirtualTime } from "../../reconciliation/links.test-model.ts";
import { channelView } from "../../reconciliation/read/channel-view.ts";
import { membersOf } from "../../reconciliation/read/member-view.ts";
import { webhooksIn } from "../../reconciliation/read/webhook-view.ts";
import { openMemoryDirectory } from "../../regions/embedded/memory-directory.ts";
import { openMemoryHistory } from "../../regions/embedded/memory-history.ts";
import { randomOf } from "../simulation/random.ts";
import { forgedLogs, honestLogs, interleaved } from "./logs.ts";
import type { OpenReplica } from "./one-region.ts";
import { openReplica } from "./one-region.ts";
import { openProjected } from "./projected.ts";

const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 20);
const seeds = Array.from({ length: SEEDS }, (_, n) => n + 1);

const keysOf = ({ tables }: OpenReplica) => [...tables.range("registers", keysUnder(""))].map(([key]) => readKey(key));
const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();

/** What the registers say. */
function expectedOf(grown: OpenReplica) {
  const keys = keysOf(grown);
  const { tables } = grown;
  const said = (key: string) => tables.get("registers", key)?.resolution.value ?? null;
  return {
    channels: distinct(keys.filter(({ kind }) => kind === "name").map(({ channel }) => channel)).map((channel) =>
      channelView(tables, channel),
    ),
    members: distinct(keys.filter(({ kind }) => kind === "member").map(({ channel }) => channel)).map((channel) => [
      ...membersOf(tables, channel),
    ]),
    webhooks: distinct(keys.filter(({ kind }) => kind === "webhook").map(({ channel }) => channel)).map((channel) =>
      webhooksIn(tables, channel).map((webhook) => webhookValue(tables.get("registers", registerKey.webhook(channel, webhook)))),
    ),
    aliases: keys.filter(({ kind }) => kind === "alias").map(({ ids }) => said(`@|alias|${ids[0]}`)),
    profiles: distinct(keys.filter(({ kind }) => kind === "profile").map(({ ids }) => ids[0] ?? "")).map((user) =>
      ["displayName", "avatar"].map((field) => said(`@|profile|${user}|${field}`)),
    ),
  };
}

/** What the directory says of the same. */
async function heldBy(directory: DirectoryStore, grown: OpenReplica): Promise<ReturnType<typeof expectedOf>> {
  const keys = keysOf(grown);
  const all = <T>(names: readonly string[], ask: (name: string) => Promise<T>): Promise<readonly T[]> => Promise.all(names.map(ask));
  const channels = await all(distinct(keys.filter(({ kind }) => kind === "name").map(({ channel }) => channel)), (one) =>
    directory.channel(one),
  );
  const aliases = await all(
    keys.filter(({ kind }) => kind === "alias").map(({ ids }) => ids[0] ?? ""),
    (one) => directory.channelBehind(one),
  );
  const profiles = await all(distinct(keys.filter(({ kind }) => kind === "profile").map(({ ids }) => ids[0] ?? "")), (one) =>
    directory.user(one),
  );
  const members = await all(distinct(keys.filter(({ kind }) => kind === "member").map(({ channel }) => channel)), async (channel) =>
    (await directory.membersOf(channel, { limit: 500 })).map(({ user, role }) => ({ user, role })),
  );
  const webhooks = await all(distinct(keys.filter(({ kind }) => kind === "webhook").map(({ channel }) => channel)), async (channel) =>
    (await directory.webhooksOf(channel)).map(({ webhook: _, channel: __, halted: ___, ...value }) => value as WebhookValue),
  );
  return {
    webhooks: webhooks.map((one) => [...one]),
    channels: channels.map((one) => {
      if (one === undefined) return undefined;
      const { channel: _, ...view } = one;
      return view;
    }),
    members: members.map((one) => [...one]),
    aliases: aliases.map((one) => one ?? null),
    profiles: profiles.map((one) => [one?.displayName ?? null, one?.avatar ?? null]),
  };
}

test(`L2: two regions that hear of the same events in any order, also forged ones, and write to one directory at any time: it says what both say (seeds 1..${SEEDS})`, async () => {
  const seen = { channels: 0, members: 0, aliases: 0, profiles: 0, ended: 0, webhooks: 0 };
  for (const seed of seeds) {
    const random = randomOf(seed);
    const honest = honestLogs(random, 60 + random.below(60));
    const logs = random.chance(0.5) ? forgedLogs(honest, random) : honest;
    const time = new VirtualTime(1);
    const memory = openMemoryDirectory();
    let isAway = false;
    const directory: DirectoryStore = {
      ...memory,
      write: (batch) => (isAway ? Promise.reject(new Error("connection refused")) : memory.write(batch)),
    };
    const pair = ["aa", "bb"].map((region) => {
      const grown = openReplica(region);
      const around = () => directorySink(directory, region, grown.store);
      return { ...openProjected({ region, history: openMemoryHistory(), time, grown, around }), events: [...interleaved(logs, random)] };
    });
    while (pair.some(({ events }) => events.length > 0)) {
      const { apply, events } = random.pick(pair);
      await apply(events.splice(0, 1 + random.below(20)));
      isAway = random.chance(0.2);
      await time.pass(random.below(2_000));
    }
    isAway = false;
    await time.pass(20_000);
    for (const { grown } of pair) expect([seed, await heldBy(directory, grown)]).toEqual([seed, expectedOf(grown)]);
    const { channels, members, aliases, profiles, webhooks } = expectedOf(pair[0]!.grown);
    seen.channels += channels.filter((one) => one !== undefined).length;
    seen.members += members.flat().length;
    seen.aliases += aliases.length;
    seen.profiles += profiles.length;
    seen.webhooks += webhooks.flat().length;
    seen.ended += keysOf(pair[0]!.grown).filter(({ kind }) => kind === "member").length - members.flat().length;
  }
  for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
});
