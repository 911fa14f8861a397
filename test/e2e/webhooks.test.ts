/** Webhooks of a real mesh: a bot in a process of its own, from the user's door to the bot's, while regions are cut off and killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serverForTests } from "../servers/nats-tiers.ts";
import { atoll, MeshUnderTest, until } from "./atoll.ts";
import type { Person } from "./person.ts";
import { Socket } from "./socket.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const PROGRAM = fileURLToPath(new URL("./receiver-process.ts", import.meta.url));
const REGIONS = ["us", "eu", "ap"] as const;

interface Got {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly atMs: number;
}

describe.skipIf(server === undefined)("webhooks of a local mesh", () => {
  const mesh = new MeshUnderTest();
  const got: Got[] = [];
  let bot: ChildProcess | undefined;
  let ana: Person;
  let secret = "";
  let hook = "";

  const texts = (): readonly unknown[] => got.map(({ body }) => JSON.parse(body).data.body);
  const idsOf = (text: string): ReadonlySet<string | undefined> =>
    new Set(got.filter(({ body }) => JSON.parse(body).data.body === text).map(({ headers }) => headers["webhook-id"]));
  const say = async (region: string, text: string): Promise<void> => {
    const key = `say-${text.replaceAll(" ", "-")}`;
    const { status } = await ana.surely(() => region, { method: "POST", path: "/v1/channels/room/messages", key, body: { body: text } });
    expect([text, status]).toEqual([text, 201]);
  };

  beforeAll(async () => {
    process.env["ATOLL_WEBHOOK_ALLOW"] = "http,127.0.0.1/32";
    const up = await mesh.up();
    expect([up.code, up.stderr]).toEqual([0, expect.any(String)]);
    bot = spawn(process.execPath, ["--import", "tsx", PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
    let port = "";
    createInterface(bot.stdout!).on("line", (line) => {
      if (port === "") port = line;
      else got.push(JSON.parse(line) as Got);
    });
    await until("the bot listens", () => port !== "");
    ana = await mesh.person("ana");
    await ana.surely(() => "us", { method: "POST", path: "/v1/channels", key: "room", body: { id: "room", name: "Room" } });
    const made = await ana.surely(() => "us", {
      method: "POST",
      path: "/v1/channels/room/webhooks",
      key: "hook",
      body: { url: `http://127.0.0.1:${port}/atoll`, events: ["message.sent"], name: "bot" },
    });
    expect(made).toMatchObject({ status: 201, body: { enabled: true, halted: null, secret: expect.stringMatching(/^whsec_/) } });
    [secret, hook] = [String(made.body["secret"]), String(made.body["id"])];
    const known = (region: string) =>
      ana.read(region, `/v1/channels/room/webhooks/${hook}`).then(
        (found) => found["secret"] === secret,
        () => false,
      );
    for (const region of REGIONS) await until(`${region} knows the webhook, and derives its secret alike`, () => known(region));
  });
  afterAll(async () => {
    bot?.kill();
    delete process.env["ATOLL_WEBHOOK_ALLOW"];
    await mesh.remove();
  });

  test("a message in each region reaches the bot once, and the standard's own library takes its signature", async () => {
    for (const region of REGIONS) await say(region, `from ${region}`);
    await until("three have come", () => got.length >= 3);
    expect([...texts()].sort()).toEqual(["from ap", "from eu", "from us"]);
    for (const { headers, body } of got)
      expect(new Webhook(secret).verify(body, { ...headers })).toMatchObject({ kind: "message.sent", actor: "ana" });
    const { items, waiting } = (await ana.read("eu", `/v1/channels/room/webhooks/${hook}/deliveries`)) as {
      readonly items: readonly unknown[];
      readonly waiting: number;
    };
    expect([items, waiting]).toEqual([[expect.objectContaining({ status: 204, outcome: "delivered", attempt: 1 })], 0]);
    expect(await mesh.metric("eu", "atoll_webhook_deliveries_total", 'outcome="delivered"')).toBe(1);
  });

  test("W1: in a region that is told to, a URL of this machine by http is taken, and one of another network is not", async () => {
    const ask = (url: string) => ana.write("us", { method: "POST", path: "/v1/channels/room/webhooks", key: `ask-${url}`, body: { url } });
    for (const url of ["http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/", "https://[::1]/", "ftp://127.0.0.1/"])
      expect([url, await ask(url)]).toEqual([url, { status: 400, body: expect.objectContaining({ code: "invalid" }) }]);
  });

  test("a region that is cut off brings what is said there at once, and nothing a second time after the heal", async () => {
    expect((await mesh.run("cut", "eu")).code).toBe(0);
    await until("eu says that it is cut off", async () => (await ana.read("eu", "/v1/sync"))["state"] === "cut-off");
    const before = got.length;
    const apart = ["eu 1", "eu 2", "eu 3", "us 1"];
    for (const text of apart) await say(text.slice(0, 2), text);
    await until("all four have come during the cut", () => got.length === before + 4);
    expect((await ana.read("eu", "/v1/sync"))["state"]).toBe("cut-off");
    expect((await mesh.run("heal")).code).toBe(0);
    await mesh.settled();
    await say("us", "after the heal");
    await until("what is said after the heal has come", () => texts().includes("after the heal"));
    expect(
      texts()
        .filter((text) => apart.includes(String(text)))
        .sort(),
    ).toEqual([...apart].sort());
  });

  test("a region killed -9 amid two hundred deliveries brings every one, and what comes twice has the id it had", async () => {
    const all = Array.from({ length: 200 }, (_, n) => `of 200: ${n}`);
    const before = got.length;
    const saying = Promise.all(all.map((text) => say("us", text)));
    await until("some have come", () => got.length >= before + 60);
    process.kill(mesh.pid("us", "program") ?? 0, "SIGKILL");
    await saying;
    await until("all have come", () => all.every((text) => idsOf(text).size > 0), 60_000);
    const waiting = async (): Promise<unknown> => (await ana.read("us", `/v1/channels/room/webhooks/${hook}/deliveries`))["waiting"];
    await until("nothing waits", async () => (await waiting()) === 0, 60_000);
    expect(all.filter((text) => idsOf(text).size !== 1)).toEqual([]);
    expect(new Set(all.flatMap((text) => [...idsOf(text)])).size).toBe(200);
    // Only what was in hand, or not yet on the disk, may come again.
    expect(got.length - before).toBeLessThan(300);
  });

  test("over a socket a webhook is made, changed and removed; its author alone is told", async () => {
    const eve = await mesh.person("eve");
    await ana.surely(() => "us", { method: "PUT", path: "/v1/channels/room/members/eve", key: "eve", body: {} });
    const open = ({ token }: Person) => Socket.open(mesh.url("us"), { token, channels: ["room"] });
    const [mine, hers] = await Promise.all([open(ana), open(eve)]);
    const ask = async (socket: Socket, id: string, command: object) => {
      socket.command(id, { channel: "room", ...command });
      return socket.hears("reply", (frame) => frame["id"] === id);
    };
    expect(await ask(hers, "refused", { kind: "webhook.set", url: "https://bots.example.com/" })).toMatchObject({
      ok: false,
      error: { code: "forbidden" },
    });
    const made = await ask(mine, "made", { kind: "webhook.set", url: "https://bots.example.com/", enabled: false });
    const { id, secret } = made["result"] as { readonly id: string; readonly secret: string };
    expect([id, secret]).toEqual([expect.stringMatching(/^whk_us_/), expect.stringMatching(/^whsec_/)]);
    expect(await ask(mine, "named", { kind: "webhook.set", webhook: id, name: "n" })).toMatchObject({
      result: { name: "n", enabled: false },
    });
    expect(await ask(mine, "removed", { kind: "webhook.remove", webhook: id })).toMatchObject({ result: { id, removed: true } });
    await say("us", "the last");
    for (const socket of [mine, hers])
      await until("it is heard", () => socket.events().some(({ data }) => (data as { readonly body?: string }).body === "the last"));
    const told = (socket: Socket) =>
      socket.events().flatMap((event) => (String(event["kind"]).startsWith("webhook") ? [event["kind"]] : []));
    expect([told(mine), told(hers)]).toEqual([["webhook.set", "webhook.set", "webhook.removed"], []]);
    for (const socket of [mine, hers]) socket.close();
  });

  test("T3: the secret is rotated in one region, and both verify what another brings", async () => {
    const rotated = await ana.surely(() => "ap", {
      method: "POST",
      path: `/v1/channels/room/webhooks/${hook}/rotate`,
      key: "rotate",
      body: {},
    });
    const next = String(rotated.body["secret"]);
    expect([rotated.status, next === secret]).toEqual([200, false]);
    await until("eu knows", async () => (await ana.read("eu", `/v1/channels/room/webhooks/${hook}`))["secret"] === next);
    await say("eu", "with two signatures");
    await until("it has come", () => texts().includes("with two signatures"));
    const { headers, body } = got.at(-1)!;
    for (const known of [secret, next]) expect(new Webhook(known).verify(body, { ...headers })).toMatchObject({ kind: "message.sent" });
  });

  test("atoll webhooks: a webhook is listed, shown, tested from every region and resumed, and what is wrong is said with what mends it", async () => {
    let answers = 410;
    const other = createServer((_, response) => response.writeHead(answers).end()).listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const made = await ana.surely(() => "us", {
      method: "POST",
      path: "/v1/channels/room/webhooks",
      key: "halts",
      body: { url: `http://127.0.0.1:${port}/`, events: ["message.edited"], name: "other" },
    });
    const halting = String(made.body["id"]);
    const ran = async (...args: readonly string[]) => {
      const { code, stdout } = await mesh.run("webhooks", ...args, "--as", "ana");
      return [code, JSON.parse(stdout)] as const;
    };
    await until(
      "every region knows it",
      async () => {
        const [, { regions }] = await ran("show", "room", halting).catch(() => [0, { regions: [] }] as const);
        return regions.length === 3 && regions.every((one: object) => !("silent" in one));
      },
      60_000,
    );
    const [listed, tested] = await Promise.all([ran("list", "room"), ran("test", "room", hook)]);
    expect(listed).toEqual([0, { items: expect.arrayContaining([expect.objectContaining({ id: halting, name: "other" })]) }]);
    expect(tested).toMatchObject([
      0,
      { delivered: true, regions: REGIONS.map((region) => ({ region, outcome: "delivered", status: 204 })) },
    ]);
    const tests = got.filter(({ body }) => JSON.parse(body).kind === "webhook.test");
    expect(tests).toHaveLength(3);
    const { secret: now } = await ana.read("us", `/v1/channels/room/webhooks/${hook}`);
    for (const { headers, body } of tests)
      expect(new Webhook(String(now)).verify(body, { ...headers })).toMatchObject({ actor: "ana", data: { webhook: hook } });

    // Its receiver says that it is gone: halted everywhere, and said so.
    const message = (await ana.surely(() => "us", { method: "POST", path: "/v1/channels/room/messages", key: "told", body: { body: "x" } }))
      .body;
    const edit = { method: "PATCH", path: `/v1/channels/room/messages/${message["id"]}`, key: "edit", body: { body: "y" } } as const;
    expect((await ana.surely(() => "us", edit)).status).toBe(200);
    await until("it is halted", async () => (await ana.read("us", `/v1/channels/room/webhooks/${halting}`))["halted"] !== null);
    expect(await ran("show", "room", halting, "--region", "us")).toMatchObject([
      1,
      { webhook: { halted: { reason: "gone", region: "us" } }, regions: [{ region: "us", items: [{ status: 410, outcome: "failed" }] }] },
    ]);
    answers = 503;
    const failed = await atoll("webhooks", "test", "room", halting, "--as", "ana", "--region", "eu", "--data", mesh.data);
    expect([failed.code, failed.stdout]).toEqual([
      1,
      expect.stringMatching(/eu +failed in \d+ ms: the receiver answered 503\n +mend: look into/),
    ]);
    other.close();
    expect(await ran("test", "room", halting, "--region", "ap")).toMatchObject([
      1,
      { regions: [{ region: "ap", status: null, why: "the connection was refused", mend: expect.stringContaining("start the receiver") }] },
    ]);
    expect(await ran("resume", "room", halting)).toMatchObject([0, { webhook: { id: halting, halted: null, enabled: true } }]);
    expect(await ran("show", "room", halting, "--region", "us")).toMatchObject([0, { webhook: { halted: null } }]);

    // Wrong usage, and who may not.
    expect((await mesh.run("webhooks", "list", "room")).code).toBe(2);
    const stranger = await mesh.run("webhooks", "list", "room", "--as", "mallory");
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining("There is no channel room")]);
  }, 180_000);
});
