/** The check of a directory against the registers: whatever the store lags, nothing is called wrong that is on its way, and nothing wrong stays. */
import { expect, test } from "vitest";
import type { DirectoryStore, SaidMembership } from "../../core/ports/directory-store.ts";
import { keysUnder } from "../../core/ports/state-store.ts";
import { DirectoryCheck } from "../../reconciliation/directory-check.ts";
import { directorySink } from "../../reconciliation/directory-sink.ts";
import { VirtualTime } from "../../reconciliation/links.test-model.ts";
import { openMemoryDirectory } from "../../regions/embedded/memory-directory.ts";
import { openMemoryHistory } from "../../regions/embedded/memory-history.ts";
import { randomOf } from "../simulation/random.ts";
import { forgedLogs, honestLogs, interleaved } from "./logs.ts";
import { type OpenReplica, openReplica } from "./one-region.ts";
import { openProjected } from "./projected.ts";

const SEEDS = Number(process.env["ATOLL_TEST_SEEDS"] ?? 20);

async function inForceIn(directory: DirectoryStore): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const page of directory.memberships()) for (const { user, channel } of page) found.push(`${user}|${channel}`);
  return found.sort();
}
const inForceAt = ({ store }: OpenReplica): readonly string[] => [...store.range("memberships", keysUnder(""))].map(([key]) => key).sort();

test(`D11 M4: what is on its way is not called wrong; what somebody changed, took away or made up is found, put right and counted (seeds 1..${SEEDS})`, async () => {
  let spoilt = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const random = randomOf(seed * 7);
    const honest = honestLogs(random, 80);
    const events = [...interleaved(random.chance(0.5) ? forgedLogs(honest, random) : honest, random)];
    const time = new VirtualTime(1);
    const directory = openMemoryDirectory();
    let isAway = false;
    const write: DirectoryStore["write"] = (batch) => (isAway ? Promise.reject(new Error("connection refused")) : directory.write(batch));
    const grown = openReplica("us");
    const around = () => directorySink({ ...directory, write }, "us", grown.store);
    const { apply, projection } = openProjected({ region: "us", history: openMemoryHistory(), time, grown, around });
    let mended = 0;
    const check = new DirectoryCheck({
      ...{ region: "us", directory, store: grown.store, bringing: projection, isOurs: () => true, page: 1 + random.below(9) },
      mended: (count) => {
        mended += count;
      },
    });
    while (events.length > 0) {
      await apply(events.splice(0, 1 + random.below(20)));
      isAway = random.chance(0.3);
      await time.pass(random.below(1_500));
      await check.look();
    }
    isAway = false;
    await time.pass(20_000);
    expect([seed, mended, await inForceIn(directory)]).toEqual([seed, 0, inForceAt(grown)]);

    const wrong = await spoil(directory, random);
    spoilt += wrong;
    const membersAndStrangers = (await directory.membershipsSaid("", 10_000)).length + wrong;
    for (let looks = 0; looks <= 2 * membersAndStrangers; looks += 1) await check.look();
    expect([seed, mended, await inForceIn(directory)]).toEqual([seed, wrong, inForceAt(grown)]);
  }
  expect(spoilt).toBeGreaterThan(2 * SEEDS);
});

/** Some documents are changed by hand, some are gone, one is of nobody. Returns how many. */
async function spoil(directory: DirectoryStore, random: ReturnType<typeof randomOf>): Promise<number> {
  const some = (await directory.membershipsSaid("", 10_000)).filter(() => random.chance(0.3));
  const changed: SaidMembership[] = [];
  for (const one of some) {
    await directory.forget([one]);
    if (random.chance(0.5)) changed.push(one);
  }
  const said = changed.map(({ channel, user, role, word }) => {
    const [newest = "", events, revision] = word.split(" ");
    return {
      channel,
      user,
      role: role === null ? ("member" as const) : null,
      word: { newest, events: Number(events), revision: Number(revision) },
    };
  });
  const word = { newest: "", events: 0, revision: 0 };
  const stranger = { channel: "somewhere", user: "mallory", role: "owner" as const, word };
  await directory.write({ users: [], people: [], channels: [], memberships: [...said, stranger], aliases: [], webhooks: [] });
  return some.length + 1;
}
