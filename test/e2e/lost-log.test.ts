/** A region loses what its JetStream server keeps: its log and its mirrors. What it had accepted stands in its store, and reaches everybody all the same. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { bodiesIn, channelOf } from "./channel.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const MESSAGES = 60;

describe.skipIf(server === undefined)("a lost log", () => {
  const mesh = new MeshUnderTest();
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
  });
  afterAll(() => mesh.remove());

  test.each([
    ["in reach of its peers", "us", false],
    ["that is cut off, with what nobody else has", "ap", true],
  ])("L3 S5: a region %s starts without its log (%s): nothing that it accepted is missing anywhere", async (_, region, alone) => {
    const ann = await mesh.person(`ann-${region}`);
    const channel = await channelOf(mesh, [ann], "lost-log", "eu");
    const path = `/v1/channels/${channel}/messages`;
    const write = async (from: number): Promise<void> => {
      for (let nth = from; nth < from + MESSAGES; nth += 1)
        await ann.write(region, { method: "POST", path, key: `lost-${nth}`, body: { body: `${nth}` } });
    };
    await until("the channel is there", async () => (await bodiesIn(ann, region, channel)).length === 0);
    await write(0);
    await until("its peers have it", async () => (await bodiesIn(ann, "eu", channel)).length === MESSAGES);
    if (alone) expect((await mesh.run("cut", region)).code).toBe(0);
    await write(MESSAGES);
    expect((await mesh.run("kill", region)).code).toBe(0);
    const folder = join(mesh.data, region, "jetstream");
    expect(readdirSync(folder)).not.toEqual([]);
    rmSync(folder, { recursive: true });
    expect((await mesh.run("start", region)).code).toBe(0);
    if (alone) expect((await mesh.run("heal")).code).toBe(0);
    await mesh.settled();
    for (const one of mesh.regions()) expect(new Set(await bodiesIn(ann, one, channel)).size).toBe(2 * MESSAGES);
  });
});
