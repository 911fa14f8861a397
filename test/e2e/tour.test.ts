/** The five-minute tour, as anybody would take it: two people talk, the mesh is cut between them, both change one message, and nothing is lost. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { giveOrder } from "../../regions/cli/reach.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { atoll, MeshUnderTest, type Ran, until } from "./atoll.ts";
import { bodiesIn, channelOf } from "./channel.ts";
import type { Person } from "./person.ts";
import { type Frame, Socket } from "./socket.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;

describe.skipIf(server === undefined)("the tour", () => {
  const mesh = new MeshUnderTest();
  let [ann, bob]: readonly Person[] = [];
  let channel = "";
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    [ann, bob] = await Promise.all([mesh.person("ann"), mesh.person("bob")]);
    channel = await channelOf(mesh, [ann, bob], "tour");
    const role = { method: "PUT", path: `/v1/channels/${channel}/members/bob`, key: "role", body: { role: "moderator" } } as const;
    expect((await ann.surely(() => "us", role)).status).toBeLessThan(300);
  });
  afterAll(() => mesh.remove());

  const shown = async (person: Person, region: string, message: string): Promise<string> =>
    String((await person.read(region, `/v1/channels/${channel}/messages/${message}`))["body"]);
  const messageOf = (event: Frame): string => String((event["data"] as Frame)["message"]);

  test("P1 S2 S6: up, talk, cut, write on both sides, heal, be told, restore; every region equal", async () => {
    const us = await Socket.open(mesh.url("us"), { token: ann!.token, channels: [channel] });
    const eu = await Socket.open(mesh.url("eu"), { token: bob!.token, channels: [channel] });

    // They talk.
    us.command("1", { kind: "message.send", channel, body: "Hello" });
    expect((await us.hears("reply", ({ id }) => id === "1"))["ok"]).toBe(true);
    await until("bob hears it", () => eu.events().some(({ kind }) => kind === "message.sent"));
    const message = messageOf(eu.events().find(({ kind }) => kind === "message.sent")!);
    await until("ann sees bob", async () => presenceOf(us, "bob") === "online");

    // us is cut off. Both sides go on, and both change the same message.
    expect((await mesh.run("cut", "us")).code).toBe(0);
    await us.hears("sync", ({ sync }) => (sync as Frame)["state"] === "cut-off");
    await until("ann does not know about bob any more", () => presenceOf(us, "bob") === "unknown");
    us.command("2", { kind: "message.edit", channel, message, body: "Hello world!" });
    await us.hears("reply", ({ id, ok }) => id === "2" && ok === true);
    eu.command("3", { kind: "message.edit", channel, message, body: "Hello everyone!" });
    await eu.hears("reply", ({ id, ok }) => id === "3" && ok === true);
    us.command("4", { kind: "message.send", channel, body: "still here" });
    await us.hears("reply", ({ id, ok }) => id === "4" && ok === true);
    expect(await shown(ann!, "us", message)).toBe("Hello world!");
    expect(await shown(bob!, "eu", message)).toBe("Hello everyone!");
    expect((await atoll("status", "--data", mesh.data)).code).toBe(1);
    expect(await mesh.verify()).toMatchObject({ equal: false, differences: [] });

    // Healed: the later edit wins everywhere, both see the marker, ann is told that she lost.
    expect((await mesh.run("heal")).code).toBe(0);
    const { conflict } = (await us.hears("superseded")) as Frame & { readonly conflict: Frame };
    await eu.hears("conflict", (frame) => (frame["conflict"] as Frame)["id"] === conflict["id"]);
    await mesh.settled();
    for (const region of mesh.regions()) {
      expect(await shown(ann!, region, message)).toBe("Hello everyone!");
      expect([...(await bodiesIn(bob!, region, channel))].sort()).toEqual(["Hello everyone!", "still here"]);
    }
    const log = JSON.parse((await mesh.run("conflicts")).stdout) as {
      readonly items: readonly { readonly id: string; readonly losers: readonly string[] }[];
    };
    expect(log.items.map(({ id }) => id)).toEqual([conflict["id"]]);
    await until("ann sees bob again", () => presenceOf(us, "bob") === "online");

    // One action brings the lost text back, in the region of the one who lost or in any other.
    const [lost] = log.items[0]?.losers ?? [];
    const restored = await ann!.surely(() => "ap", {
      method: "POST",
      path: `/v1/conflicts/${conflict["id"]}/restore`,
      key: "restore",
      body: { version: lost },
    });
    expect(restored.status).toBe(200);
    await until("bob hears of it", () => eu.events().filter(({ kind }) => kind === "message.edited").length === 3);
    await mesh.settled();
    for (const region of mesh.regions()) {
      expect(await shown(bob!, region, message)).toBe("Hello world!");
      expect(await ann!.read(region, `/v1/conflicts/${conflict["id"]}`)).toMatchObject({ state: "restored" });
    }
    expect((await atoll("status", "--data", mesh.data)).code).toBe(0);

    // The logs hold, and from a file alone comes the same state, in a process that knows nothing else.
    const checked = await mesh.run("audit", "verify");
    expect([checked.code, JSON.parse(checked.stdout)]).toMatchObject([0, { intact: true, firstBroken: null }]);
    const byUrl = ["--url", mesh.url("eu"), "--token", (await mesh.person("auditor", "auditor")).token] as const;
    const asked = await atoll("audit", "verify", ...byUrl, "--json", "--data", "/nowhere");
    expect([asked.code, Object.keys(JSON.parse(asked.stdout).heads)]).toEqual([0, expect.arrayContaining([...mesh.regions()])]);
    const inAp = await atoll("conflicts", ...byUrl, "--region", "ap", "--json", "--data", "/nowhere");
    expect([inAp.code, JSON.parse(inAp.stdout).items.length]).toEqual([0, 1]);
    const mistyped = await mesh.run("verify", "--channel", "chn_us_nobodys");
    expect([mistyped.code, mistyped.stderr]).toEqual([1, expect.stringContaining("No region knows a channel chn_us_nobodys")]);
    const file = join(mesh.data, "audit.jsonl");
    expect((await mesh.run("audit", "export", file)).code).toBe(0);
    const replay = await atoll("audit", "replay", file, "--json");
    expect([replay.code, JSON.parse(replay.stdout)]).toMatchObject([0, { same: true, conflicts: 1, broken: [], otherVerdicts: [] }]);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("Hello everyone!", "Hello nobody!!!"));
    const forged = await atoll("audit", "replay", file, "--json");
    expect([forged.code, JSON.parse(forged.stdout)]).toMatchObject([1, { same: false }]);
    us.close();
    eu.close();
  }, 120_000);

  test("S3 S5: in a channel that merges, what both sides of a cut wrote is in the text everywhere, and nobody is told of a loss", async () => {
    const notes = await channelOf(mesh, [ann!, bob!], "notes", "us", { policy: "merge" });
    const moderator = { method: "PUT", path: `/v1/channels/${notes}/members/bob`, key: "notes-role", body: { role: "moderator" } } as const;
    expect((await ann!.surely(() => "us", moderator)).status).toBeLessThan(300);
    const sent = {
      method: "POST",
      path: `/v1/channels/${notes}/messages`,
      key: "notes-1",
      body: { body: "Meet at noon in the hall" },
    } as const;
    const message = String((await ann!.surely(() => "us", sent)).body["id"]);
    const path = `/v1/channels/${notes}/messages/${message}`;
    const edit = (person: Person, region: string, body: string) =>
      person.surely(() => region, { method: "PATCH", path, key: `notes-of-${person.user}`, body: { body } });
    await until("eu has it", () => bob!.read("eu", path).then(Boolean, () => false));
    expect((await mesh.run("cut", "us")).code).toBe(0);
    expect((await edit(ann!, "us", "Meet at noon in the great hall")).status).toBe(200);
    expect((await edit(bob!, "eu", "Meet at noon sharp in the hall")).status).toBe(200);
    expect((await mesh.run("heal")).code).toBe(0);
    await mesh.settled();
    for (const region of mesh.regions()) {
      expect((await bob!.read(region, path))["body"]).toBe("Meet at noon sharp in the great hall");
      const { items } = await ann!.read(region, `/v1/conflicts?channel=${notes}`);
      expect(items).toMatchObject([{ rule: "merge", losers: [], state: "seen", text: "Meet at noon sharp in the great hall" }]);
    }
    expect((await mesh.run("verify")).code).toBe(0);
    const { stdout } = await atoll("conflicts", "--channel", notes, "--data", mesh.data);
    expect(stdout).toMatch(
      /ann in us: "Meet at noon in the great hall"\n.+bob in eu: .+\n {2}now {2}"Meet at noon sharp in the great hall"\n/,
    );
    expect(stdout).not.toMatch(/won|lost/);
  }, 120_000);

  test("P5: a drill cuts the mesh under load and reports against the promised timeline", async () => {
    const drill = await mesh.run("drill", "partition", "us,eu", "--for", "5s", "--load", "20");
    const report = JSON.parse(drill.stdout) as Readonly<Record<string, unknown>>;
    expect([drill.code, report]).toMatchObject([
      0,
      { passed: true, ghosts: 0, lost: 0, duplicated: 0, outOfOrder: 0, regions: ["us", "eu"] },
    ]);
    for (const part of ["detectMs", "linkMs", "streamsMs", "presenceMs", "convergedMs"])
      expect([part, typeof report[part]]).toEqual([part, "number"]);
  }, 180_000);

  /** Somebody at home in each region, all in one channel. */
  const recorded = (): readonly [file: string, users: string] => {
    const people = { ora: -5, per: 1, sui: 8 };
    const names = Object.keys(people);
    const lines = Array.from({ length: 120 }, (_, n) => ({ id: n, t: n, channel: "c", topic: "c", user: names[n % 3], text: `line ${n}` }));
    const write = (name: string, rows: readonly object[]): string => {
      writeFileSync(join(mesh.data, name), rows.map((row) => JSON.stringify(row)).join("\n"));
      return join(mesh.data, name);
    };
    const offsets = Object.entries(people).map(([user, utc_offset_hours]) => ({ user, utc_offset_hours }));
    return [write("recorded.jsonl", lines), write("people.jsonl", offsets)];
  };
  /** Plays until ap has taken part, and ends it there; resolves with how the play ends. */
  const playAndKill = async (): Promise<() => Promise<Ran>> => {
    const [file, users] = recorded();
    const sent = (): Promise<number> => mesh.metric("ap", "atoll_commands_total", 'kind="message.send"', 'outcome="ok"');
    const before = await sent();
    const played = mesh.run("play", file, "--users", users, "--rate", "24", "--edits", "0.1");
    await until("ap has taken messages", async () => (await sent()) > before + 3, 90_000);
    await giveOrder(mesh.data, { order: "kill", region: "ap" }); // at once: a command's own start takes as long as the play
    return () => played;
  };
  const allWell = { sent: 120, accepted: 120, unknown: 0, refused: 0, lost: 0, duplicated: 0, outOfOrder: 0 };

  test("a region dies in the midst of a play and stays dead: the play ends, names it, and judges the others; so do audit verify and export (A1)", async () => {
    const played = await playAndKill();
    const checked = await mesh.run("audit", "verify");
    const document = JSON.parse(checked.stdout);
    expect([checked.code, document]).toMatchObject([
      1,
      {
        intact: false,
        firstBroken: null,
        regions: { us: { outcome: "intact" }, eu: { outcome: "intact" }, ap: { outcome: "unchecked", why: "ECONNREFUSED" } },
      },
    ]);
    expect(document.entries).toBeGreaterThan(10);
    const file = join(mesh.data, "without-ap.jsonl");
    const exported = await mesh.run("audit", "export", file);
    expect([exported.code, JSON.parse(exported.stdout)]).toMatchObject([1, { missing: [{ region: "ap", why: "ECONNREFUSED" }] }]);
    const replayed = await atoll("audit", "replay", file, "--json");
    expect([replayed.code, JSON.parse(replayed.stdout)]).toMatchObject([
      0,
      { same: null, broken: [], otherVerdicts: [], missing: [{ region: "ap" }] },
    ]);
    const verified = await mesh.run("verify");
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([1, { equal: false, differences: [] }]);
    expect((await mesh.run("conflicts")).code).toBe(0);
    const ofAp = await mesh.run("conflicts", "--region", "ap");
    expect([ofAp.code, ofAp.stderr]).toMatchObject([
      3,
      expect.stringMatching(/no answer of ap: ECONNREFUSED \(start it: atoll start ap --data .*, or ask another region\)/),
    ]);
    const play = await played();
    const report = JSON.parse(play.stdout);
    expect([play.code, report]).toMatchObject([1, { ...allWell, converged: false, gone: ["ap"] }]);
    expect(report.outOfReach).toBeLessThan(60);
  }, 240_000);

  test("a region dies in the midst of a play and comes back: nothing is lost, and all are equal in the end", async () => {
    expect((await mesh.run("start", "ap")).code).toBe(0);
    await mesh.settled();
    const played = await playAndKill();
    expect((await mesh.run("start", "ap")).code).toBe(0);
    const play = await played();
    expect([play.code, JSON.parse(play.stdout)]).toMatchObject([0, { ...allWell, converged: true, gone: [], outOfReach: 0 }]);
    expect((await mesh.run("audit", "verify")).code).toBe(0);
  }, 240_000);
});

/** What a socket was last told about somebody. */
function presenceOf(socket: Socket, user: string): unknown {
  return socket
    .all("presence")
    .flatMap(({ items }) => items as readonly Frame[])
    .findLast((item) => item["user"] === user)?.["status"];
}
