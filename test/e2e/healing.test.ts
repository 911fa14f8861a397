/** A region dies in the middle of healing, while recorded chat goes on: everything converges all the same, and every message is accounted for. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { randomOf } from "../simulation/random.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import type { Person } from "./person.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const MESSAGES = 1_000;
const RATE = 100;

/** Chat as a recording has it: some channels, people with their habits, texts of all lengths. */
function record(seed: number): string {
  const random = randomOf(seed);
  const lines = Array.from({ length: MESSAGES }, (_, nth) => ({
    channel: random.pick(["general", "random", "help"]),
    user: `u${random.below(40)}`,
    text: `${nth} ${"word ".repeat(1 + random.below(30))}`.trim(),
  }));
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

describe.skipIf(server === undefined)("healing", () => {
  const mesh = new MeshUnderTest();
  let onlooker: Person;
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    onlooker = await mesh.person("onlooker");
  });
  afterAll(() => mesh.remove());

  /** What a region calls its link to a peer. */
  const link = async (region: string, peer: string): Promise<unknown> => {
    const { peers } = (await onlooker.read(region, "/v1/sync")) as unknown as {
      readonly peers: readonly { readonly region: string; readonly state: string }[];
    };
    return peers.find((one) => one.region === peer)?.state;
  };

  test.each([
    ["that was cut off", "us"],
    ["that heals with it", "eu"],
  ])(
    "the region %s is killed while the two heal: 0 lost, 0 duplicated, converged",
    async (_, victim) => {
      const file = join(mesh.data, `chat-${victim}.jsonl`);
      writeFileSync(file, record(victim.length));
      const playing = mesh.run("play", file, "--rate", String(RATE), "--edits", "0.05", "--cut", "us@2s+5s");
      await until("eu sees us cut off", async () => (await link("eu", "us")) === "cut-off");
      await until("they begin to heal", async () => (await link("eu", "us")) !== "cut-off");
      expect((await mesh.run("kill", victim)).code).toBe(0);
      await until("the others see it gone", async () => (await link("ap", victim)) === "cut-off");
      expect((await mesh.run("start", victim)).code).toBe(0);
      const { code, stdout, stderr } = await playing;
      const report = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
      console.log(
        `${report["accepted"]} of ${report["sent"]} accepted in ${report["seconds"]} s, ${report["conflicts"]} conflicts, ${report["unknown"]} unknown; ${JSON.stringify(report["cuts"])}`,
      );
      expect(report, stderr).toMatchObject({ sent: MESSAGES, lost: 0, duplicated: 0, outOfOrder: 0, converged: true });
      expect(code).toBe(0);
      await mesh.settled();
    },
    120_000,
  );
});
