/** L2, S6 as a story: a region starts with its store lost or behind. It does not answer before it knows again what it knew, and waits for nobody who is away. */
import { expect, test } from "vitest";
import { LinkedMesh } from "./linked-mesh.ts";

const ANA = { user: "ana", roles: ["user"] } as const;

/** Channels of both regions, everywhere. */
async function talking(): Promise<{ mesh: LinkedMesh; here: string; there: string; known: (region: string) => number }> {
  const mesh = await LinkedMesh.open();
  const create = async (region: string): Promise<string> =>
    String((await mesh.do(region, "ana", { kind: "channel.create", name: `made in ${region}` }))["id"]);
  const [here, there] = [await create("us"), await create("eu")];
  for (let nth = 0; nth < 20; nth += 1) await mesh.do("eu", "ana", { kind: "message.send", channel: there, body: `${nth}` });
  await mesh.do("us", "ana", { kind: "message.send", channel: here, body: "hello" });
  await mesh.time.pass(2_000);
  return { mesh, here, there, known: (region) => mesh.at(region).reader.messages(ANA, there, { limit: 100 }).items.length };
}
const open = (mesh: LinkedMesh, region: string) => (): boolean => mesh.at(region).refill.left === undefined;

test("a store that is lost: the region answers when it has read its own log, its mirrors and its peers again", async () => {
  const { mesh, here, known } = await talking();
  await mesh.kill("us", { lost: true });
  expect(mesh.at("us").refill.left).toBeDefined();
  // Its own log is there at once; what a peer made is what it would deny.
  expect(mesh.at("us").reader.messages(ANA, here, { limit: 10 }).items).toHaveLength(1);
  expect(() => known("us")).toThrow("There is no channel");
  await mesh.time.until(open(mesh, "us"), 5_000);
  expect([known("us"), mesh.missing.get("us")]).toEqual([20, 0]);
  await mesh.time.pass(2_000);
  expect((await mesh.time.settled(mesh.at("us").verifier.verify({}))).equal).toBe(true);
});

test("P1: a store that is lost in a region that is cut off: what lies on its own disks is enough", async () => {
  const { mesh, there, known } = await talking();
  mesh.cut("us");
  await mesh.time.pass(3_000);
  await mesh.do("eu", "ana", { kind: "message.send", channel: there, body: "never heard in us" });
  await mesh.kill("us", { lost: true });
  expect(open(mesh, "us")()).toBe(false);
  await mesh.time.until(open(mesh, "us"), 10_000);
  expect(known("us")).toBe(20);
  await mesh.do("us", "ana", { kind: "message.send", channel: there, body: "and on we go" });
  mesh.heal();
  await mesh.time.until(() => known("us") === 22, 10_000);
});

test("a store that is lost, in a region that is killed again before it has read everything: what was begun is no store that it ever answered from", async () => {
  const { mesh, here, known } = await talking();
  mesh.forgetMirrors("us");
  await mesh.kill("us", { lost: true });
  await mesh.kill("us");
  // Its own log lies in the store by now, and of its peers nothing.
  expect(mesh.at("us").reader.messages(ANA, here, { limit: 10 }).items).toHaveLength(1);
  expect(() => known("us")).toThrow("There is no channel");
  expect(open(mesh, "us")()).toBe(false);
  await mesh.time.until(open(mesh, "us"), 30_000);
  expect([known("us"), mesh.missing.get("us")]).toEqual([20, 0]);
  await mesh.time.pass(2_000);
  await mesh.kill("us");
  await mesh.time.until(open(mesh, "us"), 500); // whole again, it waits for nothing
});

test("a region that is killed knows at once whether its store is behind: its own log says what it had read", async () => {
  const { mesh, there, known } = await talking();
  await mesh.kill("us");
  await mesh.time.until(open(mesh, "us"), 500);
  mesh.stuck.add("us");
  await mesh.do("eu", "ana", { kind: "message.send", channel: there, body: "read in us, not yet stored" });
  await mesh.time.until(() => known("us") === 21, 5_000);
  await mesh.do("us", "ana", { kind: "message.send", channel: there, body: "an answer to it" });
  mesh.stuck.clear(); // what was asked of the disk until now stays unanswered
  await mesh.kill("us");
  expect([open(mesh, "us")(), known("us")]).toEqual([false, 21]); // its own answer is there, what it answers to is not
  await mesh.time.until(open(mesh, "us"), 5_000);
  expect(known("us")).toBe(22);
});

test("P1: what the mirrors lack and peers keep to themselves is not waited for for ever", async () => {
  const { mesh, there, known } = await talking();
  mesh.forgetMirrors("us");
  mesh.silent.add("eu");
  await mesh.kill("us", { lost: true });
  await mesh.time.until(open(mesh, "us"), 30_000);
  expect(mesh.missing.get("us")).toBeGreaterThan(0);
  expect(() => known("us")).toThrow("There is no channel");
  mesh.silent.clear();
  await mesh.time.until(() => mesh.at("us").reader.isMember("ana", there.slice(-26)), 10_000);
});

test("a mesh that starts for the first time is open within a beat or two", async () => {
  const mesh = await LinkedMesh.open();
  for (const name of mesh.names) expect([name, mesh.at(name).refill.left]).toEqual([name, undefined]);
});
