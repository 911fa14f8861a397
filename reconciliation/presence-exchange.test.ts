import { beforeEach, describe, expect, test } from "vitest";
import { PresenceMesh } from "./presence-mesh.test-model.ts";

let mesh: PresenceMesh;
beforeEach(async () => {
  mesh = new PresenceMesh();
  await mesh.time.pass(1_000);
});
const enter = (user: string, region: string) => mesh.at(region).announce(`${user}@${region}`, user, "online");
const leave = (user: string, region: string) => mesh.at(region).leave(`${user}@${region}`);

describe("P4: in a whole mesh", () => {
  test("who is connected is online everywhere, who never came is offline, away is seen everywhere", async () => {
    enter("ann", "us");
    enter("bea", "eu");
    await mesh.time.pass(100);
    expect(mesh.everywhere("ann", "bea", "late")).toEqual(["online online offline"]);
    mesh.at("us").announce("ann@us", "ann", "away");
    await mesh.time.pass(100);
    expect(mesh.everywhere("ann")).toEqual(["away"]);
  });

  test("online wins over away, whatever connection or region says it; a user leaves with their last connection", async () => {
    mesh.at("us").announce("phone", "ann", "away");
    mesh.at("us").announce("desk", "ann", "online");
    mesh.at("eu").announce("tablet", "ann", "away");
    await mesh.time.pass(100);
    expect(mesh.at("ap").who(["ann"])).toMatchObject([{ status: "online", regions: ["us", "eu"] }]);
    mesh.at("us").leave("desk");
    mesh.at("us").leave("phone");
    await mesh.time.pass(100);
    expect(mesh.at("ap").who(["ann"])).toMatchObject([{ status: "away", regions: ["eu"] }]);
    mesh.at("eu").leave("tablet");
    await mesh.time.pass(100);
    expect(mesh.everywhere("ann")).toEqual(["offline"]);
  });

  test("changes of one tick come in one call; who comes and goes within it is not mentioned", async () => {
    enter("ann", "us");
    enter("abe", "us");
    enter("fly", "us");
    leave("fly", "us");
    await mesh.time.pass(100);
    const calls = mesh.calls.filter(({ region }) => region === "eu");
    expect(calls.map(({ changed }) => changed.map(({ user, status }) => `${user} ${status}`))).toEqual([["ann online", "abe online"]]);
  });

  test("news that got lost is noticed by the next beat and fetched", async () => {
    mesh.losesNews = (_from, to) => to === "eu";
    enter("ann", "us");
    await mesh.time.pass(100);
    expect([mesh.says("eu", "ann"), mesh.says("ap", "ann")]).toEqual(["offline", "online"]);
    mesh.losesNews = () => false;
    await mesh.time.pass(500);
    expect(mesh.says("eu", "ann")).toBe("online");
  });
});

test("P4: who was here in a former life of this region is unknown for a while, online when they come back, and then offline", async () => {
  enter("abe", "us");
  mesh.at("us").former(["abe", "ann", "bea"]);
  await mesh.time.pass(100);
  expect(["abe", "ann", "bea", "eve"].map((user) => mesh.says("us", user))).toEqual(["online", "unknown", "unknown", "offline"]);
  expect(mesh.at("us").counts()).toEqual({ online: 1, away: 0, unknown: 2 });
  enter("ann", "us");
  await mesh.time.pass(100);
  expect(mesh.says("us", "ann")).toBe("online");
  leave("ann", "us");
  await mesh.time.pass(100);
  expect([mesh.says("us", "ann"), mesh.says("us", "bea")]).toEqual(["offline", "unknown"]);
  await mesh.time.pass(10_000);
  expect(mesh.says("us", "bea")).toBe("offline");
  expect(mesh.says("eu", "abe")).toBe("online");
});

describe("P4: a region is cut off", () => {
  beforeEach(async () => {
    for (const user of ["ann", "abe", "amy"]) enter(user, "us");
    for (const user of ["bea", "bob"]) enter(user, "eu");
    enter("kai", "ap");
    enter("both", "us");
    enter("both", "eu");
    await mesh.time.pass(300);
  });

  test("its users are unknown since then outside, the others inside; who is also connected outside stays online", async () => {
    mesh.cut("us");
    await mesh.time.pass(3_000);
    const cutAt = mesh.time.nowMs - 3_000;
    expect(mesh.says("eu", "ann", "both", "kai", "bea")).toBe("unknown online online online");
    expect(mesh.says("us", "ann", "both", "kai", "bea")).toBe("online online unknown unknown");
    const [ann] = mesh.at("eu").who(["ann"]);
    expect(ann?.regions).toEqual(["us"]);
    expect(Date.parse(ann!.since) - cutAt).toBeGreaterThan(1_000);
    expect(mesh.time.nowMs - Date.parse(ann!.since)).toBeLessThan(1_500);
  });

  test("people leave, come and move during the cut: exact after the heal, and nobody who stayed was ever offline", async () => {
    const stayed = ["ann", "bea", "kai", "both"];
    mesh.cut("us");
    await mesh.watch(3_000, ...stayed);
    leave("abe", "us");
    leave("bob", "eu");
    leave("amy", "us");
    enter("amy", "eu");
    enter("late", "us");
    await mesh.watch(2_000, ...stayed);
    expect(mesh.says("us", "abe", "late", "bob")).toBe("offline online unknown");
    expect(mesh.says("eu", "bob", "amy", "abe", "late")).toBe("offline online unknown offline");
    mesh.heal();
    await mesh.watch(2_000, ...stayed);
    expect(mesh.everywhere("ann", "abe", "amy", "bea", "bob", "kai", "both", "late")).toEqual([
      "online offline online online offline online online online",
    ]);
    for (const region of ["us", "eu", "ap"])
      for (const user of stayed) expect([...(mesh.shown.get(`${region} ${user}`) ?? [])]).not.toContain("offline");
  });

  test("who left before the heal never shines up as online: unknown until the list is confirmed", async () => {
    mesh.cut("us");
    await mesh.time.pass(3_000);
    leave("abe", "us");
    await mesh.time.pass(1_000);
    mesh.shown.clear();
    mesh.heal();
    await mesh.watch(2_000, "abe");
    expect([...mesh.shown.get("eu abe")!]).toEqual(["unknown", "offline"]);
  });

  test("nothing changed during the cut: the peers say so, and no list crosses", async () => {
    mesh.cut("us");
    await mesh.time.pass(3_000);
    const before = mesh.asked.length;
    mesh.heal();
    await mesh.time.pass(1_000);
    expect(mesh.everywhere("ann", "bea", "kai")).toEqual(["online online online"]);
    expect(mesh.asked.slice(before).sort()).toEqual(["ap asks us", "eu asks us", "us asks ap", "us asks eu"]);
  });

  test("a second cut while the list is asked for keeps everybody unknown, until a real answer", async () => {
    mesh.cut("us");
    await mesh.time.pass(3_000);
    leave("abe", "us");
    mesh.heal();
    await mesh.time.pass(260);
    mesh.cut("us");
    await mesh.time.pass(6_000);
    expect(mesh.says("eu", "ann", "abe")).toMatch(/^unknown (unknown|offline)$/);
    mesh.heal();
    await mesh.time.pass(1_500);
    expect(mesh.everywhere("ann", "abe")).toEqual(["online offline"]);
  });
});

describe("H12: a region is killed and starts again", () => {
  beforeEach(async () => {
    enter("kai", "ap");
    enter("kim", "ap");
    enter("ann", "us");
    await mesh.time.pass(300);
    mesh.kill("ap");
  });

  test("its users are unknown; after the new boot who is back is online, the others unknown for 10 s, then offline", async () => {
    await mesh.time.pass(5_000);
    expect([mesh.says("us", "kai", "kim", "ann"), mesh.says("eu", "kai")]).toEqual(["unknown unknown online", "unknown"]);
    mesh.start("ap");
    await mesh.time.pass(2_000);
    enter("kim", "ap");
    await mesh.time.pass(1_000);
    expect(mesh.says("us", "kai", "kim")).toBe("unknown online");
    await mesh.time.pass(8_000);
    expect(mesh.everywhere("kai", "kim", "ann")).toEqual(["offline online online"]);
  });

  test("a restart within the silence makes nobody flap who connects again", async () => {
    mesh.shown.clear();
    await mesh.watch(300, "kai");
    mesh.start("ap");
    await mesh.time.pass(500);
    enter("kai", "ap");
    await mesh.time.pass(12_000);
    expect([...mesh.shown.get("us kai")!]).toEqual(["online", "unknown"]);
    expect(mesh.everywhere("kai", "kim")).toEqual(["online offline"]);
  });
});

test("a list of many pages arrives whole, with what changed while it was read, and is asked for once", async () => {
  mesh.cut("ap");
  await mesh.time.pass(3_000);
  const users = Array.from({ length: 9_000 }, (_, n) => `user-${String(n).padStart(5, "0")}`);
  for (const user of users) enter(user, "us");
  await mesh.time.pass(100);
  expect([mesh.at("us").beatFields().version, mesh.says("eu", users[8_999]!)]).toEqual([3, "online"]);
  mesh.asked.length = 0;
  mesh.heal();
  while (!mesh.asked.includes("ap asks us")) await mesh.time.pass(10);
  // The first page has been given, the others not yet.
  await mesh.time.pass(100);
  leave(users[1]!, "us");
  enter("zoe", "us");
  await mesh.time.pass(2_000);
  expect(mesh.at("ap").who(users)).toHaveLength(8_999);
  expect(mesh.asked.filter((question) => question === "ap asks us")).toHaveLength(3);
  expect(mesh.everywhere(users[0]!, users[1]!, users[8_999]!, "zoe")).toEqual(["online offline online online"]);
});

test("A4: a peer's broken words change nothing and break nothing", async () => {
  enter("ann", "us");
  await mesh.time.pass(300);
  const good = { boot: mesh.at("us").beatFields().boot, version: 2, changes: [{ user: "ann", status: "offline", sinceMs: 0 }] };
  const bad = [
    { ...good, version: -1 },
    { ...good, boot: "no boot!" },
    { ...good, more: 1 },
    { ...good, changes: [{ user: "ann", status: "gone", sinceMs: 0 }] },
  ];
  const late = { ...good, changes: [{ user: "ann", status: "online", sinceMs: 9e15 }] };
  for (const text of ["", "{", "[]", ...[...bad, late].map((told) => JSON.stringify(told))]) mesh.tell("us", "eu", text);
  await mesh.time.pass(50);
  expect(mesh.says("eu", "ann")).toBe("online");
  mesh.tell("us", "eu", JSON.stringify(good));
  await mesh.time.pass(50);
  expect(mesh.says("eu", "ann")).toBe("offline");
});
