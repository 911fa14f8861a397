/** A region's store is moved aside, as the runbook says for a damaged one. What its users knew is not denied while it fills again, and nobody who is away is waited for. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call } from "../../regions/play/door.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { bodiesIn, channelOf } from "./channel.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const MESSAGES = 200;

describe.skipIf(server === undefined)("a lost store", () => {
  const mesh = new MeshUnderTest();
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
  });
  afterAll(() => mesh.remove());

  // A region each: after a restart of its servers a mirror is late for most of a minute, and what it lacks is not on the region's own disks.
  test.each([
    ["in reach of its peers", "us", false],
    ["that is cut off", "ap", true],
  ])(
    "L2 P1: a region %s starts without its store (%s): nobody is told not-found for what it knew, and it serves again",
    async (_, region, alone) => {
      const ann = await mesh.person(`ann-${region}`);
      const channel = await channelOf(mesh, [ann], "lost-store", "eu");
      const path = `/v1/channels/${channel}/messages`;
      for (let nth = 0; nth < MESSAGES; nth += 1)
        await ann.write("eu", { method: "POST", path, key: `lost-${nth}`, body: { body: `${nth}` } });
      await until("the region has it", async () => (await bodiesIn(ann, region, channel)).length === MESSAGES);
      if (alone) expect((await mesh.run("cut", region)).code).toBe(0);
      expect((await mesh.run("kill", region)).code).toBe(0);
      rmSync(join(mesh.data, region, "state", "store"), { recursive: true });

      const seen = new Set<number>();
      const asked = async (): Promise<boolean> => {
        const status = await call(mesh.url(region), { method: "GET", path, token: ann.token, timeoutMs: 2_000 }).then(
          (answer) => answer.status,
          () => 0, // nobody listens yet
        );
        seen.add(status);
        return status === 200 || status === 404;
      };
      const starting = mesh.run("start", region);
      const tookMs = await until("it serves again", asked);
      console.log(`served again after ${Math.round(tookMs)} ms; answers on the way: ${[...seen].join(" ")}`);
      expect([...seen].filter((status) => ![0, 200, 503].includes(status))).toEqual([]);
      expect(await bodiesIn(ann, region, channel)).toHaveLength(MESSAGES);
      expect((await starting).code).toBe(0);
      if (alone) expect((await mesh.run("heal")).code).toBe(0);
      await mesh.settled();
    },
  );
});
