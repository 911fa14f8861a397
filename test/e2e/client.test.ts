/** The client library on a real mesh: people in three regions, a cut between them, and a region that dies under one of them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Asked, type ChannelView, type Client, connect, type ShownMessage } from "../../gateway/client/connect.ts";
import { serverForTests } from "../servers/nats-tiers.ts";
import { MeshUnderTest, until } from "./atoll.ts";
import { browserForTests, openBrowser } from "./browser.ts";
import { channelOf } from "./channel.ts";
import { runExample, runWithOutbox, servePage } from "./client-page.ts";

const server = existsSync("/proc/self/stat") ? await serverForTests() : undefined;
const chromium = server === undefined ? undefined : browserForTests();
const HOMES = { ann: "us", bob: "eu", eve: "ap" } as const;
type Name = keyof typeof HOMES;
const BURST = 20;

interface Somebody {
  readonly client: Client;
  readonly view: ChannelView;
  /** "author command" of each event that told of a message, as it came. */
  readonly told: readonly string[];
}

describe.skipIf(server === undefined)("the client library", () => {
  const mesh = new MeshUnderTest();
  const people = new Map<Name, Somebody>();
  let channel = "";
  beforeAll(async () => {
    expect((await mesh.up()).code).toBe(0);
    const persons = await Promise.all((Object.keys(HOMES) as Name[]).map((name) => mesh.person(name)));
    channel = await channelOf(mesh, persons, "library");
    const role = { method: "PUT", path: `/v1/channels/${channel}/members/bob`, key: "role", body: { role: "moderator" } } as const;
    expect((await persons[0]!.surely(() => "us", role)).status).toBeLessThan(300);
    const regions = mesh.document().regions.map(({ name, url }) => ({ name, url }));
    for (const { user, token } of persons) {
      const client = connect({ regions, region: HOMES[user as Name], token: async () => token, WebSocket });
      const told: string[] = [];
      client.on("event", ({ kind, actor, command }) => kind.startsWith("message.") && told.push(`${actor} ${command}`));
      const view = client.channel(channel);
      await view.ready;
      people.set(user as Name, { client, view, told });
    }
  });
  afterAll(async () => {
    for (const { client } of people.values()) client.close();
    await mesh.remove();
  });

  const of = (name: Name): Somebody => people.get(name)!;
  const all = (): readonly Somebody[] => [...people.values()];
  const shown = (name: Name, id: string | undefined): ShownMessage | undefined =>
    of(name).view.messages.find((message) => message.id === id);
  const bodies = ({ view }: Somebody): readonly (string | null)[] => view.messages.map(({ body }) => body);
  /** What two regions had both taken has a time of its own at each client until it is read again. */
  const facts = ({ view }: Somebody) =>
    view.messages
      .map(({ id, author, body, deleted, conflict, reactions }) => ({
        identity: id?.slice(-26),
        author,
        body,
        deleted,
        conflict,
        reactions,
      }))
      .sort((a, b) => ((a.identity ?? "") < (b.identity ?? "") ? -1 : 1));

  test("the example of the documentation runs as it stands, in Node", async () => {
    const { token } = await mesh.person("ann");
    const printed = await runExample([mesh.url("us"), mesh.url("eu")], channel, token);
    expect(printed).toContain("ann message.sent Hello");
    expect(printed).toMatch(/^msg_us_[0-9a-z]{26}$/m);
  });

  test.skipIf(chromium === undefined)("a page of a browser uses the library as built, without a bundler", async () => {
    const [browser, { url, close }] = [await openBrowser(chromium ?? ""), await servePage()];
    const wrong: string[] = [];
    try {
      const page = await browser.newPage();
      page.on("pageerror", (error) => wrong.push(String(error)));
      const { token } = await mesh.person("ann");
      await page.goto(`${url}#${encodeURIComponent(JSON.stringify({ url: mesh.url("us"), token, channel }))}`);
      await until("the page says that it is everywhere", async () => (await page.title()) === "replicated").catch((late: Error) => {
        throw new Error(`${late.message}: ${wrong.join()}`);
      });
      expect(await page.locator("li").last().textContent()).toBe("ann: from a page (replicated)");
      await until("bob hears the page", () => bodies(of("bob")).includes("from a page"));
    } finally {
      await browser.close();
      close();
    }
    expect(wrong).toEqual([]);
  });

  const SAID = Array.from({ length: 40 }, (_, nth) => `kept ${nth}`);
  /** All that was said with these words, as bob sees it. */
  const heard = (words: readonly string[]) => bodies(of("bob")).filter((body) => words.includes(body ?? ""));

  test.skipIf(chromium === undefined)("T3: a page that is loaded anew half-way says the rest, and everything once, in order", async () => {
    const [browser, { url, close }] = [await openBrowser(chromium ?? ""), await servePage()];
    const said = SAID.map((body) => `${body} by a page`);
    try {
      const page = await browser.newPage();
      const { token } = await mesh.person("ann");
      await page.goto(`${url}reloaded#${encodeURIComponent(JSON.stringify({ url: mesh.url("us"), token, channel, said }))}`);
      // While it is loaded anew it has no title to read.
      const title = (): Promise<string> => page.title().catch(() => "");
      await until("the second page has said the rest", async () => (await title()).startsWith("the rest: "));
      expect(Number((await title()).slice("the rest: ".length))).toBeGreaterThan(0);
      await until("bob has heard all of it", () => heard(said).length >= said.length);
      expect(heard(said)).toEqual(said);
    } finally {
      await browser.close();
      close();
    }
  });

  test("T3: a program that is killed half-way says the rest when it is started again, and everything once, in order", async () => {
    const said = SAID.map((body) => `${body} by a program`);
    const { token } = await mesh.person("ann");
    const toSay = { url: mesh.url("us"), token, channel, said };
    const file = join(mesh.data, "outbox.json");
    expect(await runWithOutbox(toSay, file)).toEqual({ printed: "", signal: "SIGKILL" });
    expect(await runWithOutbox(toSay, file)).toEqual({ printed: expect.stringMatching(/^the rest: [1-9]/), signal: null });
    await until("bob has heard all of it", () => heard(said).length >= said.length);
    expect(heard(said)).toEqual(said);
  });

  test("P1 S6: cut apart both write, accepted at once and replicated after the heal; who lost is told, and brings it back", async () => {
    const [ann, bob] = [of("ann"), of("bob")];
    const hello = ann.client.send(channel, "Hello");
    expect(ann.view.messages.at(-1)).toMatchObject({ body: "Hello", state: "pending" });
    const { id } = await hello.answer;
    await hello.replicated;
    await until("everybody sees it", () => [...people.keys()].every((name) => shown(name, id)?.body === "Hello"));
    expect(ann.view.messages.at(-1)?.state).toBe("replicated");

    expect((await mesh.run("cut", "us")).code).toBe(0);
    await until("ann sees that us is cut off", () => ann.client.sync?.state === "cut-off");
    const apart = ann.client.send(channel, "still here");
    const mine = ann.client.edit(channel, id, "Hello world!");
    await Promise.all([apart.answer, mine.answer]);
    const theirs = bob.client.edit(channel, id, "Hello everyone!");
    await theirs.answer;
    expect([shown("ann", id)?.body, shown("bob", id)?.body]).toEqual(["Hello world!", "Hello everyone!"]);
    expect([apart, mine, theirs].map(({ state }) => state.is)).toEqual(["accepted", "accepted", "accepted"]);

    expect((await mesh.run("heal")).code).toBe(0);
    await Promise.all([apart.replicated, mine.replicated, theirs.replicated]);
    await until("ann is told that she lost", () => ann.view.losses.length === 1);
    await until("everybody shows the later edit, and the marker", () =>
      [...people.keys()].every((name) => shown(name, id)?.body === "Hello everyone!" && shown(name, id)?.conflict?.state === "open"),
    );
    const [loss] = ann.view.losses;
    await ann.client.restore(loss!.id, loss!.losers[0]!);
    await until("everybody shows what was restored", () => [...people.keys()].every((name) => shown(name, id)?.body === "Hello world!"));
    await until("nothing is left to tell her", () => ann.view.losses.length === 0);
  });

  test("L4 L5 T3: a region dies under who writes: they go on in another, nothing is missed, nothing comes twice, all see the same", async () => {
    const said: { readonly who: Name; readonly asked: Asked<"message.send"> }[] = [];
    const say = (who: Name): void => void said.push({ who, asked: of(who).client.send(channel, `${who} ${said.length}`) });
    const bob = of("bob").client;
    const before = of("bob").view.messages.length;
    for (let nth = 0; nth < BURST; nth += 1) say("bob");
    const killed = mesh.run("kill", "eu");
    await until("bob has moved, writing on", () => {
      for (const who of ["bob", "bob", "bob", "bob", "ann", "eve"] as const) say(who);
      return bob.region !== undefined && bob.region !== "eu";
    });
    const moved = bob.region;
    expect((await killed).code).toBe(0);
    await Promise.all(said.map(({ asked }) => asked.answer));
    expect((await mesh.run("start", "eu")).code).toBe(0);
    await mesh.settled();
    bob.move("eu");
    await until("bob is back", () => bob.region === "eu" && of("bob").view.isCaughtUp);

    const commands = said.map(({ who, asked: { id } }) => `${who} ${id}`);
    const lacks = ({ told }: Somebody): readonly string[] => commands.filter((command) => !told.includes(command));
    await until("everybody has been told everything", () => all().every((one) => lacks(one).length === 0));
    await until("all views are equal", () => new Set(all().map((one) => JSON.stringify(facts(one)))).size === 1);
    for (const { told, view } of all()) {
      expect(told.length).toBe(new Set(told).size);
      for (const place of ["us", "eu", "ap"]) {
        const inOrder = said.filter(
          ({ who, asked: { retried, state } }) => who === "bob" && !retried && "region" in state && state.region === place,
        );
        const expected = inOrder.map(({ asked }) => `bob ${asked.id}`);
        expect(told.filter((command) => expected.includes(command))).toEqual(expected);
      }
      expect(view.messages.filter(({ state }) => !["received", "accepted", "replicated"].includes(state))).toEqual([]);
      expect(view.messages.length).toBe(before + said.length);
    }
    const again = said.filter(({ asked }) => asked.retried).length;
    console.log(`${said.length} said while eu died: bob went on in ${moved}, ${again} were sent again`);
  });
});
