/** Regions come and go while the mesh runs and people write: nobody else is restarted, and all agree. Real processes, real servers. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { isNamed } from "./asked.ts";
import { KINDS, MeshUnderTest, until } from "./atoll.ts";
import { openTraffic, type Traffic } from "./traffic.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const FIRST = ["us", "eu", "ap"] as const;

describe.skipIf(server === undefined)("regions of a running mesh", () => {
  const mesh = new MeshUnderTest();
  let traffic: Traffic;
  const pids = (): readonly (number | undefined)[] => FIRST.flatMap((region) => KINDS.map((kind) => mesh.pid(region, kind)));

  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    traffic = await openTraffic({ mesh, seed: 5, name: "regions", writers: 12, rate: 60 });
  });
  afterAll(() => mesh.remove());

  test("a fourth region joins under traffic while eu and the others are cut off from each other: it holds what each of them has, serves, and nobody is restarted", async () => {
    const before = pids();
    const person = await mesh.person("before-the-cut");
    const write = { method: "POST", path: "/v1/channels", key: "made-in-eu", body: { name: "made in eu" } } as const;
    const { body } = await person.surely(() => "eu", write);
    const shows = (region: string): Promise<boolean> => person.read(region, `/v1/channels/${body["id"]}`).then(Boolean, () => false);
    await until("us and ap have it", async () => (await shows("us")) && (await shows("ap")));
    expect((await mesh.run("cut", "eu")).code).toBe(0);
    await until("people go on writing", () => traffic.acked() > 200);
    const { code, stdout, stderr } = await mesh.run("regions", "add", "sa");
    expect(code, stderr).toBe(0);
    const { joinedMs, namedMs } = JSON.parse(stdout);
    console.log(`a fourth region serves after ${joinedMs} ms, GeoDNS names it after ${namedMs} ms`);
    expect(await isNamed(mesh.port + 53, "atoll.test", "sa")).toBe(true);
    expect(mesh.regions()).toEqual([...FIRST, "sa"]);
    expect([await mesh.ready("sa"), await shows("sa")]).toEqual([true, true]);
    expect((await mesh.run("heal")).code).toBe(0);
    await mesh.settled();
    expect(pids()).toEqual(before);
  }, 180_000);

  test("what is wrong to ask is refused in one line", async () => {
    for (const [words, args] of [
      ["region sa is there already", ["add", "sa"]],
      ['"São" is no name', ["add", "São"]],
      ["there is no region xx", ["remove", "xx"]],
    ] as const) {
      const { code, stderr } = await mesh.run("regions", ...args);
      expect(code).toBe(2);
      expect(stderr).toContain(words);
    }
    expect((await mesh.run("cut", "sa", "eu")).code).toBe(0);
    expect((await mesh.run("regions", "remove", "sa")).stderr).toContain("is cut");
    expect((await mesh.run("heal")).code).toBe(0);
  });

  test("people write in the new region too; when it is removed its history stays with its peers and its disk is untouched", async () => {
    const person = await mesh.person("somebody");
    const write = { method: "POST", path: "/v1/channels", key: "made-in-sa", body: { name: "made in sa" } } as const;
    const { body } = await person.surely(() => "sa", write);
    const removed = await mesh.run("regions", "remove", "sa");
    expect(removed.code, removed.stderr).toBe(0);
    expect(mesh.regions()).toEqual(FIRST);
    expect(existsSync(join(mesh.data, "sa", "state", "store", "data.mdb"))).toBe(true);
    expect(mesh.pid("sa", "jetstream")).toBeUndefined();
    const shows = (region: string): Promise<boolean> =>
      person.read(region, `/v1/channels/${body["id"]}`).then(
        ({ name }) => name === "made in sa",
        () => false,
      );
    for (const region of FIRST) await until(`${region} has what was made in sa`, () => shows(region));
  }, 180_000);

  test("a region added later learns what the removed one wrote from whoever holds it; that GeoDNS was killed meanwhile is waited for", async () => {
    process.kill(mesh.nameServerPid()!, "SIGKILL");
    const { code, stderr } = await mesh.run("regions", "add", "af");
    expect(code, stderr).toBe(0);
    expect(await isNamed(mesh.port + 53, "atoll.test", "af")).toBe(true);
    await traffic.stop();
    expect(traffic.refused()).toEqual([]);
    const { regions, asOf } = await mesh.settled();
    expect(Object.keys(regions).sort()).toEqual(["af", "ap", "eu", "us"]);
    expect(Object.keys(asOf)).toContain("sa");
    const account = await traffic.account();
    expect(account).toMatchObject({ lost: [], duplicated: [] });
    console.log(`${account.acked} commands accepted while regions came and went`);
  }, 180_000);

  test("the mesh starts again as it was, and the removed region comes back to its place and its disk", async () => {
    expect((await mesh.run("down")).code).toBe(0);
    expect((await mesh.up()).code).toBe(0);
    expect(mesh.regions()).toEqual([...FIRST, "af"]);
    expect((await mesh.run("regions", "add", "sa")).code).toBe(0);
    expect(mesh.url("sa")).toBe(`http://127.0.0.1:${mesh.port + 3}`);
    await mesh.settled();
  }, 180_000);

  test("a region that dies while its peers heard unequally much of it is not removed in silence", async () => {
    const person = await mesh.person("last-words");
    if (!mesh.regions().includes("sa")) expect((await mesh.run("regions", "add", "sa")).code).toBe(0);
    expect((await mesh.run("cut", "sa", "eu")).code).toBe(0);
    const write = { method: "POST", path: "/v1/channels", key: "last-words", body: { name: "last words" } } as const;
    const { body } = await person.surely(() => "sa", write);
    const heard = async (region: string): Promise<boolean> => {
      const { items } = (await person.read(region, "/v1/channels")) as unknown as { readonly items: readonly { readonly name: string }[] };
      return items.some(({ name }) => name === "last words");
    };
    await until("us and ap have heard it", async () => (await heard("us")) && (await heard("ap")));
    expect(await heard("eu")).toBe(false);
    expect((await mesh.run("kill", "sa")).code).toBe(0);
    expect((await mesh.run("regions", "remove", "sa")).stderr).toContain("sa is down");
    const removed = await mesh.run("regions", "remove", "sa", "--force");
    // Its peers' mirrors may have it by now: then eu reads it there. Else it is said who lacks it, and where it is.
    if (removed.code === 0) {
      await until("eu has it", () => heard("eu"));
      expect((await person.read("eu", `/v1/channels/${body["id"]}`))["name"]).toBe("last words");
    } else {
      expect(removed.code).toBe(1);
      expect(JSON.parse(removed.stdout).behind).toEqual(["eu"]);
      expect(removed.stderr).toContain("its disk has what is missing: atoll regions add sa");
    }
  }, 180_000);

  test("it comes back while its link is still cut, and reaches that peer as soon as the link is healed", async () => {
    const added = await mesh.run("regions", "add", "sa");
    expect(added.code, added.stderr).toBe(0);
    const stateOf = async (region: string, peer: string): Promise<string> => {
      const person = await mesh.person("looks-on");
      const { peers } = (await person.read(region, "/v1/sync")) as unknown as {
        readonly peers: readonly { readonly region: string; readonly state: string }[];
      };
      return peers.find((one) => one.region === peer)?.state ?? "";
    };
    await until("eu and sa are cut off from each other", async () =>
      (await Promise.all([stateOf("eu", "sa"), stateOf("sa", "eu")])).every((state) => state === "cut-off" || state === "healing"),
    );
    const healed = await mesh.run("heal");
    expect(healed.code, healed.stderr).toBe(0);
    expect(JSON.parse(healed.stdout).healed.map((pair: readonly string[]) => [...pair].sort())).toEqual([["eu", "sa"]]);
    await mesh.settled();
  }, 180_000);
});
