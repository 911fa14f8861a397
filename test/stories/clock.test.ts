/** T2 as a story: one region boots an hour ahead. It may not win by that, nobody else's clock follows it, and everybody is told. */
import { expect, test } from "vitest";
import type { Message } from "../../core/objects.ts";
import { stampRegion, stampTimeMs } from "../../core/stamp.ts";
import { LinkedMesh } from "./linked-mesh.ts";

const HOUR = 3_600_000;
const AUDITOR = { user: "auditor", roles: ["auditor"] } as const;

async function disputed(
  offsetMs: number,
  cutMs: number,
): Promise<{ mesh: LinkedMesh; channel: string; id: string; show: (region: string, message?: string) => Message }> {
  const mesh = await LinkedMesh.open({ eu: offsetMs });
  const channel = String(
    (await mesh.do("us", "ana", { kind: "channel.create", name: "what time is it", members: [{ user: "eve", role: "moderator" }] }))["id"],
  );
  const id = String((await mesh.do("us", "ana", { kind: "message.send", channel, body: "What time is it?" }))["id"]);
  await mesh.time.pass(1_000);
  mesh.cut("eu");
  await mesh.time.pass(3_000);
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "an hour later in eu" });
  await mesh.time.pass(cutMs);
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "now, in us" });
  await mesh.time.pass(1_000);
  const show = (region: string, message = id): Message =>
    mesh.at(region).reader.message({ user: "ana", roles: ["user"] }, channel, message);
  return { mesh, channel, id, show };
}

test("T2: eu boots an hour ahead, both sides edit, heal: the sane edit wins everywhere, no other clock moved, alarm raised", async () => {
  const { mesh, channel, id, show } = await disputed(HOUR, 0);
  mesh.heal();
  const shown = new Map<string, Set<string | null>>();
  for (let step = 0; step < 500; step += 1) {
    await mesh.time.pass(10);
    for (const name of ["us", "ap"]) shown.set(name, (shown.get(name) ?? new Set()).add(show(name).body));
  }
  for (const name of mesh.names) expect([name, show(name).body, show(name).conflict?.state]).toEqual([name, "now, in us", "open"]);
  // Both witnesses are there before eu's tail is: where the sane edit was seen, it never gave way.
  expect([...(shown.get("us") ?? [])]).toEqual(["now, in us"]);

  for (const name of mesh.names) {
    const [record, ...more] = mesh.at(name).reader.conflicts(AUDITOR, { messages: [id] }, { limit: 10 }).items;
    expect(more).toEqual([]);
    const by = Object.fromEntries((record?.versions ?? []).map((version) => [stampRegion(version.stamp), version]));
    expect([name, by["eu"]?.distrusted, by["us"]?.distrusted, record?.winner, record?.reason]).toEqual([
      name,
      true,
      undefined,
      by["us"]?.stamp,
      "distrusted",
    ]);
    const skewMs = mesh.at(name).links.clockSkewMs();
    expect(Math.abs(skewMs - (name === "eu" ? HOUR : 0))).toBeLessThan(200);
    expect(mesh.at(name).links.offered().ok).toBe(name !== "eu");
  }
  for (const name of ["us", "ap"]) {
    const { version } = await mesh.do(name, "ana", { kind: "message.send", channel, body: `the time in ${name}` });
    expect(Math.abs(stampTimeMs(String(version)) - mesh.nowMs)).toBeLessThan(6_000);
  }
  const report = await mesh.time.settled(mesh.at("ap").verifier.verify({}));
  expect([report.equal, report.differences]).toEqual([true, []]);
});

test("T2: distrusted is not powerless: it still beats what it replaced", async () => {
  const { mesh, channel, show } = await disputed(HOUR, 0);
  mesh.heal();
  await mesh.time.pass(3_000);
  const lone = String((await mesh.do("us", "ana", { kind: "message.send", channel, body: "only eu edits this" }))["id"]);
  await mesh.time.pass(1_000);
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: lone, body: "edited in eu" });
  await mesh.time.pass(1_000);
  for (const name of mesh.names) expect(show(name, lone).body).toBe("edited in eu");
});

test("T2, H8: a cut longer than the skew does not hide it: 30 minutes ahead, 40 minutes cut", async () => {
  const { mesh, id, show } = await disputed(HOUR / 2, 40 * 60_000);
  mesh.heal();
  await mesh.time.pass(5_000);
  for (const name of mesh.names) {
    expect([name, show(name).body]).toEqual([name, "now, in us"]);
    const [record] = mesh.at(name).reader.conflicts(AUDITOR, { messages: [id] }, { limit: 10 }).items;
    expect(record?.versions.filter(({ distrusted }) => distrusted).map(({ stamp }) => stampRegion(stamp))).toEqual(["eu"]);
  }
});

test("T2, H8: eu's clock is set right and eu starts again: its stamps are sane at once, follow what they replace, and are never made twice", async () => {
  const { mesh, channel, show } = await disputed(HOUR, 0);
  mesh.heal();
  await mesh.time.pass(5_000);
  const edited = String((await mesh.do("eu", "eve", { kind: "message.send", channel, body: "from the future" }))["id"]);
  await mesh.time.pass(5_000);
  const wrong = stampTimeMs(show("us", edited).version);
  expect(wrong - mesh.nowMs).toBeGreaterThan(HOUR / 2);

  await mesh.restart("eu");
  await mesh.time.pass(5_000);
  const { version } = await mesh.do("eu", "eve", { kind: "message.edit", channel, message: edited, body: "from now" });
  expect(Math.abs(stampTimeMs(String(version)) - mesh.nowMs)).toBeLessThan(2_000);
  await mesh.time.pass(2_000);
  for (const name of mesh.names) {
    expect([name, show(name, edited).body, show(name, edited).conflict]).toEqual([name, "from now", null]);
    expect([name, mesh.at(name).links.offered().ok]).toEqual([name, true]);
  }
  // The new life's words weigh what anybody's do.
  mesh.cut("eu");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: edited, body: "earlier, in us" });
  await mesh.time.pass(1_000);
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: edited, body: "later, in eu" });
  mesh.heal();
  await mesh.time.pass(10_000);
  for (const name of mesh.names) expect([name, show(name, edited).body]).toEqual([name, "later, in eu"]);
  const stamps = mesh
    .at("us")
    .reader.versions(AUDITOR, channel, edited, { limit: 50 })
    .items.map(({ stamp }) => stamp);
  expect(new Set(stamps).size).toBe(stamps.length);
  const report = await mesh.time.settled(mesh.at("ap").verifier.verify({}));
  expect([report.equal, report.differences]).toEqual([true, []]);
});

test.each([
  ["had said nothing at all", false],
  ["had been idle for minutes", true],
])(
  "T2, H6: the clock of a region that %s is set right: what it called closed meanwhile is void, and its stamps are sane at once",
  async (_, spoke) => {
    const mesh = await LinkedMesh.open({ eu: HOUR });
    const channel = String(
      (await mesh.do("us", "ana", { kind: "channel.create", name: "idle", members: [{ user: "eve", role: "member" }] }))["id"],
    );
    await mesh.time.pass(2_000);
    if (spoke) await mesh.do("eu", "eve", { kind: "message.send", channel, body: "an hour from now" });
    await mesh.time.pass(180_000);
    await mesh.restart("eu");
    await mesh.time.pass(5_000);
    const { version } = await mesh.do("eu", "eve", { kind: "message.send", channel, body: "now" });
    expect(Math.abs(stampTimeMs(String(version)) - mesh.nowMs)).toBeLessThan(2_000);
  },
);

test("T2, H8: a region an hour behind makes nobody distrusted", async () => {
  const { mesh, id, show } = await disputed(-HOUR, 0);
  mesh.heal();
  await mesh.time.pass(5_000);
  for (const name of mesh.names) {
    expect([name, show(name).body]).toEqual([name, "now, in us"]);
    const [record] = mesh.at(name).reader.conflicts(AUDITOR, { messages: [id] }, { limit: 10 }).items;
    expect(record?.versions.filter(({ distrusted }) => distrusted)).toEqual([]);
    expect(mesh.at(name).links.offered().ok).toBe(name !== "eu");
  }
});

test("P2: a heal ends in converged, told alike by every region, and the digest is that of verify", async () => {
  const { mesh } = await disputed(0, 0);
  mesh.heal();
  await mesh.time.until(() => mesh.all.every(({ links }) => links.sync().state === "live" && links.sync().converged !== null), 10_000);
  const report = await mesh.time.settled(mesh.at("us").verifier.verify({}));
  expect(report.equal).toBe(true);
  expect(new Set(mesh.all.map(({ links }) => links.sync().converged?.digest))).toEqual(new Set([report.digest]));
});
