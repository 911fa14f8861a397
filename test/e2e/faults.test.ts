/** What happens to a real mesh: processes killed, servers restarted, sockets that never read, garbage in a log. Real servers, real signals. */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { atoll, MeshUnderTest, until } from "./atoll.ts";
import { auditEntries, bodiesIn, channelOf } from "./channel.ts";
import { drain } from "./drain.ts";
import { malformed, openForger, saidLike } from "./garbage.ts";
import { killAll } from "./killing.ts";
import { meetSlowReaders } from "./slow-readers.ts";
import { openTraffic } from "./traffic.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
/** Of each kind of process; `npm run kills` shows them as they happen. */
const KILLS = Number(process.env["ATOLL_KILLS"] ?? 20);
const SLOW_READERS = Number(process.env["ATOLL_SLOW_READERS"] ?? 1_000);
const SEED = Number(process.env["ATOLL_SEED"] ?? 1);

describe.skipIf(server === undefined)("a mesh under faults", () => {
  const mesh = new MeshUnderTest();
  beforeAll(async () => {
    const { code, stderr } = await mesh.up();
    expect(stderr).not.toContain("failed");
    expect(code).toBe(0);
  });
  afterAll(() => mesh.remove());

  test(
    `L1: ${KILLS} kills -9 of each kind of process under writes lose nothing that was acknowledged (seed ${SEED})`,
    async () => {
      const traffic = await openTraffic({ mesh, seed: SEED, name: "kills" });
      const slowestMs = await killAll({
        mesh,
        traffic,
        seed: SEED,
        each: KILLS,
        tell: (line) => process.env["ATOLL_TELL"] && console.log(line),
      });
      await traffic.stop();
      const { digest } = await mesh.settled();
      const { acked, lost, duplicated } = await traffic.account();
      console.log(
        `${3 * KILLS} kills, ${acked} writes acknowledged, slowest return ${Math.round(slowestMs)} ms, slowest answer ${Math.round(traffic.slowestMs())} ms, digest ${digest}`,
      );
      expect(traffic.refused()).toEqual([]);
      expect(lost).toEqual([]);
      expect(duplicated).toEqual([]);
      expect(acked).toBeGreaterThan(3 * KILLS * 10);
    },
    60_000 + KILLS * 3 * 15_000,
  );

  test.each([
    ["the supervisor", (): readonly number[] => [mesh.document().pid]],
    ["every process at once", () => mesh.processes()],
  ] as const)(
    "H10: kill -9 of %s under writes: the next up clears what is left, and nothing acknowledged is lost",
    async (what, victims) => {
      const traffic = await openTraffic({ mesh, seed: SEED, name: what.replaceAll(" ", "-") });
      await until("there is traffic", () => traffic.acked() > 100);
      for (const pid of victims()) process.kill(pid, "SIGKILL");
      const { code, stderr } = await mesh.up();
      expect(stderr).not.toContain("failed");
      expect(code).toBe(0);
      const mark = traffic.acked();
      await until("writes are acknowledged again", () => traffic.acked() > mark + 50);
      await traffic.stop();
      await mesh.settled();
      expect(traffic.refused()).toEqual([]);
      expect(await traffic.account()).toMatchObject({ lost: [], duplicated: [] });
    },
    120_000,
  );

  test("H10: SIGTERM drains: everybody is told where to go, commands in flight are answered, nothing acknowledged is lost", async () => {
    const people = await Promise.all(Array.from({ length: 10 }, (_, i) => mesh.person(`drain-${i}`)));
    const channel = await channelOf(mesh, people);
    const { goodbyes, closes, sent, acked, tookMs } = await drain({ mesh, region: "eu", channel, people, each: 10 });
    const unanswered = sent.filter((id) => !acked.includes(id));
    console.log(`${acked.length} of ${sent.length} commands in flight acknowledged, ready again after ${Math.round(tookMs)} ms`);
    expect(goodbyes).toHaveLength(people.length);
    for (const { code, reconnect, regions } of goodbyes) {
      expect([code, reconnect]).toEqual([4000, true]);
      expect([...regions].sort()).toEqual([...mesh.regions()].sort());
    }
    expect(new Set(closes)).toEqual(new Set([4000]));
    expect(unanswered).toEqual([]);
    await mesh.settled();
    for (const region of mesh.regions()) {
      const bodies = await bodiesIn(people[0]!, region, channel);
      expect(acked.filter((id) => bodies.filter((body) => body === id).length !== 1)).toEqual([]);
    }
  });

  test(`${SLOW_READERS} sockets that never read cost little memory, are closed soon, and disturb nobody`, async () => {
    const met = await meetSlowReaders({ mesh, region: "ap", sockets: SLOW_READERS, bytesEach: 10_000_000 });
    console.log(
      `${SLOW_READERS} slow readers: ${Math.round(met.grownBytes / 1e6)} MB more, all closed ${Math.round(met.closedMs)} ms after the last write, slowest write ${Math.round(met.slowestWriteMs)} ms`,
    );
    expect(met.grownBytes).toBeLessThan(200e6);
    expect(met.closedMs).toBeLessThan(15_000);
    expect(met).toMatchObject({ slow: SLOW_READERS, heard: met.written, heardInOrder: true });
    await mesh.settled();
  }, 240_000);

  // Last: what is quarantined stays so.
  test("A4: garbage in a region's log is quarantined everywhere, shown, and stops nothing", async () => {
    const ann = await mesh.person("ann");
    const auditor = await mesh.person("audit", "auditor");
    const channel = await channelOf(mesh, [ann], "garbage");
    const say = (region: string, key: string) =>
      ann.write(region, { method: "POST", path: `/v1/channels/${channel}/messages`, key, body: { body: key } });
    await say("us", "before");
    const forger = await openForger(mesh, "us");
    const real = await forger.lastEvent();
    const garbage = malformed(real);
    const entries = garbage.reduce((sum, one) => sum + one.entries, 0) + 1;
    for (const { payload } of garbage) await forger.publish(payload);
    await forger.publish(JSON.stringify([saidLike(real, "first"), 7, saidLike(real, "second")]));
    await forger.publish(JSON.stringify([real])); // the very same event once more
    await forger.close();

    for (const region of mesh.regions()) {
      await until(
        `${region} has put all of it aside`,
        async () => (await mesh.metric(region, "atoll_quarantined_events_total", 'origin="us"')) === entries,
      );
      expect(await mesh.readiness(region)).toMatchObject({ ok: true, text: expect.stringContaining(`${entries} events`) });
    }
    expect((await say("us", "after")).status).toBe(201);
    expect((await say("eu", "after-too")).status).toBe(201);
    const report = await mesh.settled();
    for (const region of mesh.regions()) {
      expect(report.regions[region]?.why).toBe(`${region} quarantines ${entries}`);
      expect([...(await bodiesIn(ann, region, channel))].sort()).toEqual(["after", "after-too", "before", "first", "second"]);
      expect((await auditEntries(auditor, region)).filter(({ kind }) => kind === "quarantine")).toHaveLength(entries);
    }
    const status = JSON.parse((await mesh.run("status")).stdout) as { readonly regions: readonly { readonly quarantined: number }[] };
    expect(status.regions.map(({ quarantined }) => quarantined)).toEqual(mesh.regions().map(() => entries));
    expect((await atoll("status", "--data", mesh.data)).stdout).toContain(`quarantines ${entries}`);

    process.kill(mesh.pid("us", "program") ?? 0, "SIGKILL");
    await until("us is down", async () => !(await mesh.ready("us")));
    await until("us is back", () => mesh.ready("us"));
    expect((await mesh.settled()).regions["us"]?.why).toBe(`us quarantines ${entries}`);
  });
});
