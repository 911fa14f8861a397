/** A region whose disk is full (hard parts H13): it refuses writes and says why, goes on being read, hurts nobody else, and recovers by itself. */
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answered } from "../../regions/play/door.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import type { Person } from "./person.ts";
import { openTraffic } from "./traffic.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const mesh = new MeshUnderTest();
/** The mesh's own disk, with us and eu on it, and one for ap alone. */
const SHARED = mesh.data;
const OWN = join(mesh.data, "ap");

/** False where this user may not mount. */
function mountSmallDisks(): boolean {
  if (server === undefined) return false;
  try {
    for (const folder of [SHARED, OWN]) {
      mkdirSync(folder, { recursive: true });
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", folder], { stdio: "ignore" });
    }
    return true;
  } catch {
    console.warn("SKIPPED: a full disk needs a small one, and only root may mount it: run this test as root");
    return false;
  }
}

const ballast = (disk: string): string => join(disk, "ballast");
/** Takes what room there is, to the last page. */
function fill(disk: string): void {
  const file = openSync(ballast(disk), "a");
  for (const block of [Buffer.alloc(1_048_576), Buffer.alloc(4_096)])
    try {
      for (;;) writeSync(file, block);
    } catch {} // full
  closeSync(file);
  expect(statfsSync(disk).bavail).toBe(0);
}
const makeRoom = (disk: string): void => rmSync(ballast(disk));

describe.skipIf(!mountSmallDisks())("a region whose disk is full", () => {
  let ann: Person;
  let channel = "";
  const say = (region: string, key: string): Promise<Answered> =>
    ann.write(region, { method: "POST", path: `/v1/channels/${channel}/messages`, key, body: { body: key } });
  const takes = async (region: string, key: string): Promise<boolean> => (await say(region, key).catch(() => undefined))?.status === 201;
  const shows = async (region: string, message: unknown): Promise<boolean> =>
    JSON.stringify(await ann.read(region, `/v1/channels/${channel}/messages?limit=1`)).includes(String(message));

  beforeAll(async () => {
    expect(await mesh.up()).toMatchObject({ code: 0 });
    ann = await mesh.person("ann");
    channel = (await ann.write("us", { method: "POST", path: "/v1/channels", key: "channel", body: { name: "disk" } })).body[
      "id"
    ] as string;
    for (const region of mesh.regions()) await until(`${region} knows the channel`, () => takes(region, `before-${region}`));
  });
  afterAll(async () => {
    await mesh.run("down");
    for (const disk of [OWN, SHARED]) execFileSync("umount", ["-l", disk]);
    await mesh.remove();
  });

  test("H13: it refuses writes within seconds, is read as before, and takes them again when there is room; nothing acknowledged is lost", async () => {
    const traffic = await openTraffic({ mesh, seed: 3, name: "disk", rate: 60 });
    await until("there is traffic", () => traffic.acked() > 100);
    fill(OWN);

    let last: Answered | undefined;
    let nth = 0;
    const refusedMs = await until("ap refuses writes", async () => (last = await say("ap", `full-${++nth}`)).status === 503, 20_000);
    expect(last?.body).toMatchObject({ code: "unavailable", retryable: true });
    await until("ap says that it is not ready", async () => !(await mesh.ready("ap")));
    expect((await mesh.readiness("ap")).text).toMatch(/\[-\](log|store) /);

    expect((await ann.read("ap", `/v1/channels/${channel}/messages`))["items"]).not.toEqual([]);
    for (const region of ["us", "eu"]) {
      const startMs = performance.now();
      expect((await say(region, `meanwhile-${region}`)).status).toBe(201);
      expect(performance.now() - startMs).toBeLessThan(2_000);
      expect(await mesh.ready(region)).toBe(true);
    }

    makeRoom(OWN);
    const backMs = await until("ap takes the same write again", () => takes("ap", `full-${nth}`), 90_000);
    await until("ap is ready", () => mesh.ready("ap"));
    await traffic.stop();
    await mesh.settled();
    const { acked, lost, duplicated } = await traffic.account();
    console.log(
      `refused after ${Math.round(refusedMs)} ms, taken again ${Math.round(backMs)} ms after there was room, ${acked} acknowledged`,
    );
    expect(traffic.refused()).toEqual([]);
    expect(lost).toEqual([]);
    expect(duplicated).toEqual([]);
  }, 240_000);

  test("H13: one in which nobody writes notices it too, and follows its peers again when there is room", async () => {
    fill(OWN);
    let nth = 0;
    await until("ap says that it is not ready", async () => (await takes("us", `idle-${++nth}`)) && !(await mesh.ready("ap")));
    makeRoom(OWN);
    const last = (await say("us", "after-idle")).body["id"];
    const backMs = await until("ap shows what us has written since", () => shows("ap", last), 90_000);
    await until("ap is ready", () => mesh.ready("ap"));
    console.log(`followed its peers again ${Math.round(backMs)} ms after there was room`);
    await mesh.settled();
  }, 180_000);

  test("H13: a full disk under the supervisor ends nothing, and what dies meanwhile comes back when there is room", async () => {
    fill(SHARED);
    let nth = 0;
    await until("us refuses writes", async () => (await say("us", `no-room-${++nth}`)).status === 503);
    const before = { supervisor: mesh.document().pid, program: mesh.pid("us", "program") };
    process.kill(before.program ?? 0, "SIGKILL");
    await until("us is started again", () => ![undefined, before.program].includes(mesh.pid("us", "program")));
    expect(await takes("ap", "elsewhere")).toBe(true);
    makeRoom(SHARED);
    await until("us takes writes again", () => takes("us", "room"), 90_000);
    await mesh.settled(90_000);
    expect(mesh.document().pid).toBe(before.supervisor);
  }, 240_000);
});
