import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import { WebsocketProvider } from "y-websocket";
import { Doc, encodeStateAsUpdate, type Text } from "yjs";
import type { Actor, Command } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import type { WireEvent } from "../../core/objects.ts";
import { FakeRegion } from "../fake-region.test-model.ts";
import type { Opened } from "../gateway.test-model.ts";
import { openTestGateway, tokenOf, until } from "../gateway.test-model.ts";
import type { DocumentNews, GatewayParts } from "../parts.ts";
import { changeFrame } from "./wire.ts";

let opened: Opened;
let region: FakeRegion;
let channel: string;
let commands: Command[];
/** What becomes of a command before the region takes it. */
let door: (actor: Actor, command: Command) => Promise<void>;
let told: DocumentNews[];
let reads: number; // of whole documents
let hearNews: (news: DocumentNews) => void;
const ends: (() => void)[] = [];

const isChange = ({ kind }: WireEvent): boolean => kind === "document.updated";
const changes = (document: string | null): string[] =>
  region.log.filter(({ wire }) => isChange(wire) && wire.data["document"] === document).map(({ wire }) => String(wire.data["update"]));

function documentParts(): Partial<GatewayParts> {
  return {
    acceptor: {
      submit: async (actor, command) => {
        commands.push(command);
        await door(actor, command);
        if (command.kind !== "document.update") throw new Error("only documents are written here");
        const { document, update, id } = command;
        region.apply(channel, { kind: "document.updated", actor: actor.user, command: id, data: { document, update } });
        return { result: {}, replayed: false };
      },
    },
    documents: {
      source: {
        changes: (_, document) => {
          reads += 1;
          return changes(document);
        },
      },
      relay: {
        send: (news) => void told.push(news),
        onNews: (listener) => {
          hearNews = listener;
          return () => {};
        },
      },
    },
  };
}

beforeEach(async () => {
  region = new FakeRegion();
  channel = region.channel("room", { ana: "owner", ben: "member" });
  commands = [];
  told = [];
  reads = 0;
  door = async () => {};
  opened = await openTestGateway(documentParts(), region);
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await opened.close();
});

const url = (): string => `${opened.url.replace("http", "ws")}/v1/docs`;

/** An ordinary provider, as a browser's editor has it. */
async function open(user: string, name = region.shown(channel)) {
  const doc = new Doc();
  const options = { WebSocketPolyfill: WebSocket as never, params: { token: await tokenOf(user) }, disableBc: true, maxBackoffTime: 100 };
  const provider = new WebsocketProvider(url(), name, doc, options);
  const closes: number[] = [];
  provider.on("connection-close", (event) => void closes.push((event as { readonly code: number } | null)?.code ?? 0));
  const end = (): void => {
    provider.destroy();
    doc.destroy();
  };
  ends.push(end);
  return { doc, provider, text: doc.getText("notes"), closes, end, synced: () => until(() => provider.synced, `${user} to be in sync`) };
}
const shows = (text: Text, wanted: string) => until(() => String(text) === wanted, `the text ${wanted}`);

/** A bare socket, and with which code it was closed. */
async function closedWith(name: string, token: string, say: (socket: WebSocket) => void = () => {}): Promise<number> {
  const socket = new WebSocket(`${url()}/${name}?token=${token}`);
  let code: number | undefined;
  socket.on("open", () => say(socket));
  socket.on("error", () => {});
  socket.on("close", (was) => {
    code = was;
  });
  return until(() => code, "a close");
}

test("what one types the others read, and who comes when all have left reads what the region keeps", async () => {
  const [ana, ben] = [await open("ana"), await open("ben")];
  ana.text.insert(0, "Minutes. ");
  await shows(ben.text, "Minutes. ");
  ben.text.insert(9, "Agreed.");
  await shows(ana.text, "Minutes. Agreed.");
  await until(() => changes(null).length === 2, "both changes in the log");
  ana.end();
  ben.end();
  const again = await open("ben");
  await shows(again.text, "Minutes. Agreed.");
  expect(commands.every((command) => command.kind === "document.update" && command.channel === region.shown(channel))).toBe(true);
});

test("documents of a channel are apart by name", async () => {
  const notes = await open("ana");
  const plan = await open("ana", `${region.shown(channel)}:plan`);
  plan.text.insert(0, "first of all");
  const other = await open("ben", `${region.shown(channel)}:plan`);
  await shows(other.text, "first of all");
  await notes.synced();
  expect(String(notes.text)).toBe("");
});

test("who types fast makes a few commands, and loses no letter", async () => {
  const ana = await open("ana");
  const ben = await open("ben");
  await ana.synced();
  const text = "the quick brown fox jumps over the lazy dog ".repeat(10);
  for (const [at, letter] of [...text].entries()) ana.text.insert(at, letter);
  await shows(ben.text, text);
  expect(commands.length).toBeLessThan(text.length / 10);
});

test("T3: a change that nobody answered is sent again under the same id", async () => {
  let tries = 0;
  door = async () => {
    tries += 1;
    if (tries < 3) throw new Refusal("unavailable", "not now");
  };
  const ana = await open("ana");
  ana.text.insert(0, "once");
  await until(() => changes(null).length === 1, "the change in the log");
  expect(new Set(commands.map(({ id }) => id)).size).toBe(1);
  expect(commands.length).toBe(3);
});

test("what is refused reaches nobody: its author is sent away, the others read on without it", async () => {
  const ana = await open("ana");
  const ben = await open("ben");
  ana.text.insert(0, "mine ");
  await shows(ben.text, "mine ");
  door = async ({ user }) => {
    if (user === "ben") throw new Refusal("forbidden", "not any more");
  };
  ben.provider.shouldConnect = false;
  ben.text.insert(5, "his");
  await until(() => ben.closes.includes(4403), "ben sent away");
  await until(() => ana.closes.includes(4000), "ana asked to come again");
  await ana.synced();
  ana.text.insert(5, "again");
  const late = await open("ana");
  await shows(late.text, "mine again");
  expect(String(ana.text)).toBe("mine again");
});

test.each(["member.removed", "a verdict"])("C11: who is removed by %s is sent away, and hears nothing more", async (by) => {
  const [ana, ben] = [await open("ana"), await open("ben")];
  ana.text.insert(0, "before ");
  await shows(ben.text, "before ");
  ben.provider.shouldConnect = false;
  region.members.get(channel)?.delete("ben");
  const turned = by === "a verdict" ? [{ channel, user: "ben" }] : [];
  region.apply(channel, { kind: by, actor: "ana", data: { user: "ben" } }, { turned });
  await until(() => ben.closes.includes(4403), "ben sent away");
  ana.text.insert(7, "after");
  await until(() => changes(null).length === 2, "the change in the log");
  expect(String(ben.text)).toBe("before ");
});

test("what was written elsewhere is shown as it comes; what Yjs cannot read is passed over", async () => {
  const ana = await open("ana");
  await ana.synced();
  const there = new Doc();
  there.getText("notes").insert(0, "from eu");
  const update = Buffer.from(encodeStateAsUpdate(there)).toString("base64");
  const apply = (text: string) =>
    region.apply(channel, { kind: "document.updated", actor: "eve", data: { document: null, update: text } }, { origin: "eu" });
  apply("AAECAw==");
  apply(update);
  apply(update);
  await shows(ana.text, "from eu");
});

test("S6: what was written by a right that came late is shown when the right is here", async () => {
  const ana = await open("ana");
  await ana.synced();
  const there = new Doc();
  there.getText("notes").insert(0, "by eve");
  const data = { document: null, update: Buffer.from(encodeStateAsUpdate(there)).toString("base64") };
  region.apply(channel, { kind: "document.updated", actor: "eve", data }, { origin: "eu", silent: true });
  expect(String(ana.text)).toBe("");
  const before = reads;
  for (let nth = 0; nth < 50; nth += 1)
    region.apply(channel, { kind: "member.set", actor: "ana", data: { user: `eve${nth || ""}`, role: "member" } });
  await shows(ana.text, "by eve");
  expect(reads - before).toBeLessThanOrEqual(2); // not once for each of those who came
});

describe("who is where", () => {
  test("people of this region see each other, and the other regions are told; who leaves is gone", async () => {
    const ana = await open("ana");
    const ben = await open("ben");
    ana.provider.awareness.setLocalStateField("user", { name: "ana" });
    const sees = (name: string) =>
      [...ben.provider.awareness.getStates().values()].some(({ user }) => (user as { name?: string } | undefined)?.name === name);
    await until(() => sees("ana"), "ben to see ana");
    await until(() => told.some(({ awareness }) => awareness !== undefined), "news for the others");
    expect(told[0]).toEqual({ channel, document: null }); // who is there elsewhere?
    ana.end();
    await until(() => !sees("ana"), "ana gone");
  });

  test("people of other regions are shown; those who ask are told who is here; news that cannot be read is none", async () => {
    const ben = await open("ben");
    await ben.synced();
    const there = new Awareness(new Doc());
    ends.push(() => there.destroy());
    there.setLocalStateField("user", { name: "eve" });
    const awareness = encodeAwarenessUpdate(there, [there.clientID]);
    hearNews({ channel, document: null, awareness: Buffer.from("nonsense") });
    hearNews({ channel: "b".repeat(26), document: null, awareness });
    hearNews({ channel, document: null, awareness });
    await until(() => ben.provider.awareness.getStates().get(there.clientID)?.["user"], "ben to see eve");
    ben.provider.awareness.setLocalStateField("user", { name: "ben" });
    const news = (): number => told.filter((one) => one.awareness !== undefined).length;
    await until(() => news() > 0, "news of ben");
    const before = news();
    hearNews({ channel, document: null });
    await until(() => news() > before, "an answer");
    expect(ben.closes).toEqual([]);
  });
});

describe("the door is closed", () => {
  test("to strangers, wrong and ended tokens, and names that are none", async () => {
    const name = region.shown(channel);
    const ana = await tokenOf("ana");
    expect(await closedWith(name, "rosebud")).toBe(4401);
    expect(await closedWith(name, "")).toBe(4401);
    expect(await closedWith(name, await tokenOf("ana", { ttlMs: -1_000 }))).toBe(4401);
    expect(await closedWith(name, await tokenOf("eve"))).toBe(4403);
    expect(await closedWith("chn_us_nowhere", ana)).toBe(4403);
    expect(await closedWith(`${name}:a%20b`, ana)).toBe(4400);
    expect(await closedWith(`${name}:`, ana)).toBe(4400);
    expect(await closedWith(`${name}:%`, ana)).toBe(4403);
  });

  test("to what is no frame, no update, or too much of one", async () => {
    const name = region.shown(channel);
    const ana = await tokenOf("ana");
    const say = (frame: Uint8Array | string) => (socket: WebSocket) => socket.send(frame);
    expect(await closedWith(name, ana, say("{}"))).toBe(4400);
    for (const bytes of [[], [9], [0], [0, 7, 0], [0, 2], [0, 2, 200], [1, 200, 1], [0, 2, 3, 255, 255, 255], [0, 0, 2, 255, 255]])
      expect([bytes, await closedWith(name, ana, say(new Uint8Array(bytes)))]).toEqual([bytes, 4400]);
    expect(await closedWith(name, ana, say(changeFrame(new Uint8Array(262_145))))).toBe(4413);
    expect(changes(null)).toEqual([]);
  });

  test("to a token that ends while it is used", async () => {
    expect(await closedWith(region.shown(channel), await tokenOf("ana", { ttlMs: 1_200 }))).toBe(4401);
  });

  test("to somebody with too many open", async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open("ana")));
    await Promise.all(sockets.map((one) => one.synced()));
    expect(await closedWith(region.shown(channel), await tokenOf("ana"))).toBe(4429);
  });

  test("to whoever speaks no WebSocket", async () => {
    const answer = await fetch(`${opened.url}/v1/docs/${region.shown(channel)}`);
    expect([answer.status, ((await answer.json()) as { readonly code: string }).code]).toEqual([400, "invalid"]);
  });
});

test("H10: a gateway that leaves has taken in what was typed, and asks everybody to come again", async () => {
  const ana = await open("ana");
  await ana.synced();
  door = () => new Promise((later) => setTimeout(later, 100));
  ana.text.insert(0, "last words");
  await until(() => commands.length > 0, "a command on its way");
  await opened.gateway.drain("restart");
  expect(changes(null).length).toBe(1);
  await until(() => ana.closes.includes(4000), "ana asked to come again");
});
