/** H13 as a story: the disk of one region's store is full. It reads on, refuses writes with the way out, and catches up by itself. */
import { expect, test } from "vitest";
import { LinkedMesh } from "./linked-mesh.ts";

const ANA = { user: "ana", roles: ["user"] } as const;

test("H13: a full disk: reads go on, writes are refused and say where else to go; with room again everything is there, nothing twice", async () => {
  const mesh = await LinkedMesh.open();
  const channel = String((await mesh.do("us", "ana", { kind: "channel.create", name: "one" }))["id"]);
  await mesh.time.pass(2_000);
  const bodies = (name: string): readonly (string | null)[] =>
    mesh
      .at(name)
      .reader.messages(ANA, channel, { limit: 50 })
      .items.map(({ body }) => body)
      .reverse();

  mesh.full.add("us");
  await mesh.do("us", "ana", { kind: "message.send", channel, body: "the last that was taken" });
  await mesh.time.pass(2_000);
  expect(mesh.at("us").health().store).toBe(false);
  await expect(mesh.do("us", "ana", { kind: "message.send", channel, body: "refused" })).rejects.toMatchObject({
    code: "unavailable",
    retryAfterS: expect.any(Number),
    hint: expect.stringContaining("another region"),
  });
  await mesh.do("eu", "ana", { kind: "message.send", channel, body: "sent elsewhere" });
  await mesh.time.pass(2_000);
  // What was acknowledged is in every region; what peers write waits in their logs, not in our memory.
  expect([bodies("us"), bodies("ap")]).toEqual([["the last that was taken"], ["the last that was taken", "sent elsewhere"]]);

  mesh.full.clear();
  await mesh.time.until(() => mesh.at("us").health().store && bodies("us").length === 2, 5_000);
  await mesh.do("us", "ana", { kind: "message.send", channel, body: "room again" });
  await mesh.time.pass(2_000);
  for (const name of mesh.names) expect([name, bodies(name)]).toEqual([name, ["the last that was taken", "sent elsewhere", "room again"]]);

  await mesh.restart("us");
  await mesh.time.pass(2_000);
  expect(bodies("us")).toEqual(["the last that was taken", "sent elsewhere", "room again"]);
  const report = await mesh.time.settled(mesh.at("ap").verifier.verify({}));
  expect([report.equal, report.differences]).toEqual([true, []]);
});

test("P2: a region that starts on a full disk is heard by its peers all the same", async () => {
  const mesh = await LinkedMesh.open();
  mesh.full.add("us");
  await mesh.kill("us", { lost: true });
  await mesh.time.pass(8_000);
  expect(mesh.all.map(({ links }) => links.sync().state)).toEqual(["live", "live", "live"]);
});
