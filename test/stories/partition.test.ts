/** The heart as stories: whole regions, one process, no sockets. */
import { expect, test } from "vitest";
import { canonical } from "../../core/canonical.ts";
import type { Conflict, Message } from "../../core/objects.ts";
import type { Name } from "./small-mesh.ts";
import { REGIONS, SmallMesh } from "./small-mesh.ts";

const ANA = { user: "ana", roles: ["user"] } as const;
const AUDITOR = { user: "auditor", roles: ["auditor"] } as const;
const message = (mesh: SmallMesh, name: Name, channel: string, id: string): Message => mesh.at(name).reader.message(ANA, channel, id);
const conflicts = (mesh: SmallMesh, name: Name): readonly Conflict[] => mesh.at(name).reader.conflicts(AUDITOR, {}, { limit: 100 }).items;
const digests = (mesh: SmallMesh): Set<string> => new Set(REGIONS.map((name) => canonical(digestsOf(mesh, name))));
const digestsOf = (mesh: SmallMesh, name: Name): Record<string, string> =>
  Object.fromEntries(mesh.at(name).replica.tables.range("digests", { from: "", to: "\u{7f}" }));

async function oneMessage(): Promise<{ mesh: SmallMesh; channel: string; id: string }> {
  const mesh = await SmallMesh.open();
  const channel = await mesh.id("us", "ana", { kind: "channel.create", name: "one", members: [{ user: "eve", role: "moderator" }] });
  const id = await mesh.id("us", "ana", { kind: "message.send", channel, body: "Hello" });
  await mesh.settle();
  return { mesh, channel, id };
}

test("S1: an edit replaces the versions its author saw, wherever it is made", async () => {
  const { mesh, channel, id } = await oneMessage();
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "Hello you" });
  await mesh.settle();
  for (const name of REGIONS) {
    const shown = message(mesh, name, channel, id);
    expect([shown.body, shown.heads.length, shown.conflict]).toEqual(["Hello you", 1, null]);
  }
  expect(digests(mesh).size).toBe(1);
});

test("S3 A2: both regions edit while cut off: the later edit wins everywhere, one record is kept, alike in every region", async () => {
  const { mesh, channel, id } = await oneMessage();
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "Hello world!" });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "Hello everyone!" });
  mesh.heal();
  await mesh.settle();
  for (const name of REGIONS) expect(message(mesh, name, channel, id).body).toBe("Hello everyone!");
  const records = REGIONS.map((name) => conflicts(mesh, name));
  expect(records.map((list) => list.length)).toEqual([1, 1, 1]);
  expect(new Set(records.map((list) => canonical(list))).size).toBe(1);
  expect(digests(mesh).size).toBe(1);
});

test("S6: who lost is told in every region until they have seen it, and restores in one action", async () => {
  const { mesh, channel, id } = await oneMessage();
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "mine" });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "theirs" });
  mesh.heal();
  await mesh.settle();
  const [lost] = mesh.at("ap").reader.lostBy("ana", { limit: 100 }).items;
  expect(lost?.losers.length).toBe(1);
  await mesh.do("ap", "ana", { kind: "conflict.see", conflict: lost?.id ?? "" });
  await mesh.settle();
  expect(mesh.at("us").reader.lostBy("ana", { limit: 100 }).items).toEqual([]);
  await mesh.do("us", "ana", { kind: "conflict.restore", conflict: lost?.id ?? "", version: lost?.losers[0] ?? "" });
  await mesh.settle();
  for (const name of REGIONS)
    expect([message(mesh, name, channel, id).body, conflicts(mesh, name)[0]?.state]).toEqual(["mine", "restored"]);
});

test("S4: an edit beside a delete stays in the record; nothing brings the text back", async () => {
  const { mesh, channel, id } = await oneMessage();
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.delete", channel, message: id });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "too late" });
  mesh.heal();
  await mesh.settle();
  for (const name of REGIONS)
    expect([message(mesh, name, channel, id).body, message(mesh, name, channel, id).deleted]).toEqual([null, true]);
  await expect(mesh.do("ap", "eve", { kind: "message.edit", channel, message: id, body: "again" })).rejects.toMatchObject({ code: "gone" });
});

test("T3: one command in three cut-off regions is one message with one answer", async () => {
  const { mesh, channel } = await oneMessage();
  mesh.cut("us");
  mesh.cut("eu", "ap");
  const send = (name: Name) => mesh.do(name, "ana", { kind: "message.send", channel, body: "apart" }, "the-same");
  for (const name of REGIONS) await send(name);
  mesh.heal();
  await mesh.settle();
  const answers = await Promise.all(REGIONS.map(send));
  expect(new Set(answers.map(({ result }) => canonical(result))).size).toBe(1);
  expect(answers.every(({ replayed }) => replayed)).toBe(true);
  for (const name of REGIONS) {
    const { items } = mesh.at(name).reader.messages(ANA, channel, { limit: 50 });
    expect(items.filter(({ body }) => body === "apart").length).toBe(1);
  }
  await expect(mesh.do("us", "ana", { kind: "message.send", channel, body: "other" }, "the-same")).rejects.toMatchObject({
    code: "conflict-of-command",
  });
});

test("L5: pipelined commands of one author are decided and told in the author's order, and never conflict with each other", async () => {
  const { mesh, channel, id } = await oneMessage();
  const edits = Array.from({ length: 10 }, (_, n) =>
    mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: `edit ${n}` }),
  );
  await Promise.all(edits);
  await mesh.settle();
  for (const name of REGIONS) {
    const told = mesh.told(name).flatMap(({ placed: { event } }) => (event.kind === "message.edited" ? [event.data.body] : []));
    expect(told).toEqual(Array.from({ length: 10 }, (_, n) => `edit ${n}`));
    expect(message(mesh, name, channel, id).body).toBe("edit 9");
    expect(conflicts(mesh, name)).toEqual([]);
  }
});

test("L2: a region that dies replays its log and its peers' and changes nothing", async () => {
  const { mesh, channel, id } = await oneMessage();
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "before the crash" });
  await mesh.settle();
  const before = digestsOf(mesh, "us");
  await mesh.crash("eu");
  await mesh.settle();
  expect(digestsOf(mesh, "eu")).toEqual(before);
  expect(message(mesh, "eu", channel, id).body).toBe("before the crash");
});

test("S2 S5: whatever order the links deliver in, the state is the same", async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 20; seed += 1) {
    let at = seed;
    const mesh = await SmallMesh.open();
    const channel = await mesh.id(
      "us",
      "ana",
      { kind: "channel.create", name: "one", members: [{ user: "eve", role: "moderator" }] },
      "create",
    );
    const id = await mesh.id("us", "ana", { kind: "message.send", channel, body: "Hello" }, "send");
    await mesh.settle();
    mesh.cut("us");
    mesh.cut("eu", "ap");
    for (const [n, name] of REGIONS.entries())
      await mesh.do(name, name === "us" ? "ana" : "eve", { kind: "message.edit", channel, message: id, body: name }, `edit-${n}`);
    mesh.heal();
    await mesh.settle((count) => (at = (at * 16_807) % 2_147_483_647) % count);
    expect(digests(mesh).size).toBe(1);
    seen.add(canonical([digestsOf(mesh, "ap"), conflicts(mesh, "eu")]));
  }
  expect(seen.size).toBe(1);
});

test("A4: an event of somebody the origin knew to be no member is kept and shown to nobody", async () => {
  const { mesh, channel } = await oneMessage();
  await mesh.do("us", "ana", { kind: "member.remove", channel, user: "eve" });
  await mesh.settle();
  await expect(mesh.do("eu", "eve", { kind: "message.send", channel, body: "still here?" })).rejects.toMatchObject({ code: "not-found" });
});

test("S6: what somebody sent before they knew of their removal stays", async () => {
  const { mesh, channel } = await oneMessage();
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "member.remove", channel, user: "eve" });
  await mesh.do("eu", "eve", { kind: "message.send", channel, body: "sent in time" });
  mesh.heal();
  await mesh.settle();
  for (const name of REGIONS) expect(mesh.at(name).reader.messages(ANA, channel, { limit: 5 }).items[0]?.body).toBe("sent in time");
  expect(digests(mesh).size).toBe(1);
});
