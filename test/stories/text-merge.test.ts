/** A channel whose policy is `merge`, as stories: whole regions, one process, no sockets. */
import { expect, test } from "vitest";
import { canonical } from "../../core/canonical.ts";
import type { Conflict, Message } from "../../core/objects.ts";
import type { Name } from "./small-mesh.ts";
import { REGIONS, SmallMesh } from "./small-mesh.ts";

const ANA = { user: "ana", roles: ["user"] } as const;
const AUDITOR = { user: "auditor", roles: ["auditor"] } as const;
const message = (mesh: SmallMesh, name: Name, channel: string, id: string): Message => mesh.at(name).reader.message(ANA, channel, id);
const conflicts = (mesh: SmallMesh, name: Name): readonly Conflict[] => mesh.at(name).reader.conflicts(AUDITOR, {}, { limit: 100 }).items;
const digests = (mesh: SmallMesh): number =>
  new Set(REGIONS.map((name) => canonical([...mesh.at(name).replica.tables.range("digests", { from: "", to: "\u{7f}" })]))).size;
const bodies = (mesh: SmallMesh, channel: string, id: string) => REGIONS.map((name) => message(mesh, name, channel, id).body);

async function oneMessage(
  body: string,
  more: { readonly deletes?: "lww" } = {},
): Promise<{ mesh: SmallMesh; channel: string; id: string }> {
  const mesh = await SmallMesh.open();
  const members = [{ user: "eve", role: "moderator" } as const];
  const channel = await mesh.id("us", "ana", { kind: "channel.create", name: "one", policy: "merge", members, ...more });
  const id = await mesh.id("us", "ana", { kind: "message.send", channel, body });
  await mesh.settle();
  return { mesh, channel, id };
}

test("S3 S5: both sides of a cut edit one message: both edits are in the text everywhere, the record is kept, and nobody has lost", async () => {
  const { mesh, channel, id } = await oneMessage("Meet at noon in the hall");
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "Meet at noon in the great hall" });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "Meet at noon sharp in the hall" });
  expect([message(mesh, "us", channel, id).body, message(mesh, "eu", channel, id).body]).toEqual([
    "Meet at noon in the great hall",
    "Meet at noon sharp in the hall",
  ]);
  mesh.heal();
  await mesh.settle();
  const together = "Meet at noon sharp in the great hall";
  expect(bodies(mesh, channel, id)).toEqual([together, together, together]);
  for (const name of REGIONS) {
    expect(
      conflicts(mesh, name).map(({ rule, losers, state, text, versions }) => ({ rule, losers, state, text, n: versions.length })),
    ).toEqual([{ rule: "merge", losers: [], state: "seen", text: together, n: 2 }]);
    expect(message(mesh, name, channel, id)).toMatchObject({ conflict: { state: "seen" }, deleted: false });
    expect([mesh.at(name).reader.lostBy("ana", { limit: 100 }).items, mesh.at(name).reader.lostBy("eve", { limit: 100 }).items]).toEqual([
      [],
      [],
    ]);
  }
  expect(digests(mesh)).toBe(1);
  await mesh.do("ap", "eve", { kind: "message.edit", channel, message: id, body: "Meet at noon sharp in the small hall" });
  await mesh.settle();
  expect(new Set(bodies(mesh, channel, id))).toEqual(new Set(["Meet at noon sharp in the small hall"]));
  expect(message(mesh, "us", channel, id).heads.length).toBe(1);
  expect(digests(mesh)).toBe(1);
});

test("S3: long branches: what three regions wrote one after the other while apart comes together", async () => {
  const { mesh, channel, id } = await oneMessage("one two three");
  mesh.cut("us");
  mesh.cut("ap");
  const edit = (name: Name, body: string) => mesh.do(name, "ana", { kind: "message.edit", channel, message: id, body });
  await edit("us", "zero one two three");
  await edit("us", "zero one two three!");
  await edit("eu", "one and two three");
  await edit("eu", "one & two three");
  await edit("ap", "one two");
  mesh.heal();
  await mesh.settle();
  const [text] = bodies(mesh, channel, id);
  expect(text).toBe("zero one & two!");
  expect(new Set(bodies(mesh, channel, id)).size).toBe(1);
  expect(digests(mesh)).toBe(1);
});

test("S4: a final delete on the other side of the cut stands: nothing is merged into it", async () => {
  const { mesh, channel, id } = await oneMessage("Hello");
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "Hello world" });
  await mesh.do("eu", "eve", { kind: "message.delete", channel, message: id });
  mesh.heal();
  await mesh.settle();
  expect(bodies(mesh, channel, id)).toEqual([null, null, null]);
  expect(conflicts(mesh, "us").map(({ rule }) => rule)).toEqual(["delete-final"]);
  expect(digests(mesh)).toBe(1);
});

test("D7: where a delete is none for good, it has no update: the last write wins, and what comes after is merged again", async () => {
  const { mesh, channel, id } = await oneMessage("Hello", { deletes: "lww" });
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.delete", channel, message: id });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "Hello you" });
  mesh.heal();
  await mesh.settle();
  expect(new Set(bodies(mesh, channel, id))).toEqual(new Set(["Hello you"]));
  expect(conflicts(mesh, "ap").map(({ rule, losers }) => [rule, losers.length])).toEqual([["lww", 1]]);
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "Hello you two" });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "Well, hello you" });
  mesh.heal();
  await mesh.settle();
  expect(new Set(bodies(mesh, channel, id))).toEqual(new Set(["Well, hello you two"]));
  expect(digests(mesh)).toBe(1);
});

test("S3: a message from before the channel merged is merged all the same, and one side that does not know of the policy yet is judged by the later", async () => {
  const mesh = await SmallMesh.open();
  const channel = await mesh.id("us", "ana", { kind: "channel.create", name: "one", members: [{ user: "eve", role: "moderator" }] });
  const id = await mesh.id("us", "ana", { kind: "message.send", channel, body: "a b" });
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "a b c" });
  await mesh.settle();
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "a b c d" });
  await mesh.do("eu", "eve", { kind: "channel.change", channel, policy: "merge" });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "0 a b c" });
  mesh.heal();
  await mesh.settle();
  // The edit made in us has no update, so nothing can be merged: the last write wins and the other has lost (D7).
  expect(new Set(bodies(mesh, channel, id))).toEqual(new Set(["0 a b c"]));
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "0 a b c z" });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "0 a c" });
  mesh.heal();
  await mesh.settle();
  expect(new Set(bodies(mesh, channel, id))).toEqual(new Set(["0 a c z"]));
  expect(digests(mesh)).toBe(1);
});

test("T3: an edit that was accepted on both sides of a cut is in the text once", async () => {
  const { mesh, channel, id } = await oneMessage("one");
  mesh.cut("us");
  const edit = { kind: "message.edit", channel, message: id, body: "one more" } as const;
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "this one" });
  await mesh.do("us", "ana", edit, "the same");
  await mesh.do("eu", "ana", edit, "the same");
  mesh.heal();
  await mesh.settle();
  const [text] = bodies(mesh, channel, id);
  expect(new Set(bodies(mesh, channel, id)).size).toBe(1);
  expect(text?.split("more").length).toBe(2);
  expect(digests(mesh)).toBe(1);
});

test("S3: a message that is edited for ever is merged like a young one, and its edits stay small", async () => {
  const { mesh, channel, id } = await oneMessage("count 0 of many");
  for (let n = 1; n <= 200; n += 1) await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: `count ${n} of many` });
  await mesh.settle();
  const entries = mesh.at("eu").replica.tables.get("registers", `${channel.slice(-26)}|body|${id.slice(-26)}`)?.entries ?? [];
  expect(entries.filter(({ update }) => update === undefined).length).toBe(4);
  expect(Math.max(...entries.map(({ update = "" }) => update.length))).toBeLessThan(100);
  mesh.cut("us");
  await mesh.do("us", "ana", { kind: "message.edit", channel, message: id, body: "count 201 of many" });
  await mesh.do("eu", "eve", { kind: "message.edit", channel, message: id, body: "count 200 of very many" });
  mesh.heal();
  await mesh.settle();
  expect(new Set(bodies(mesh, channel, id))).toEqual(new Set(["count 201 of very many"]));
  expect(digests(mesh)).toBe(1);
});
