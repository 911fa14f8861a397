/** The library against a real gateway, over real sockets: what both sides take a frame to mean is the same. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { type OpenedRoom, openTestGateway, openTestRoom, tokenOf, until } from "../gateway.test-model.ts";
import type { Client } from "./connect.ts";
import { connect } from "./connect.ts";

let opened: OpenedRoom;
let clients: Client[];
beforeEach(async () => {
  opened = await openTestRoom();
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await opened.close();
});
const open = (user: string, more: object = {}): Client => {
  const client = connect({ url: opened.url, token: () => tokenOf(user), WebSocket, ...more });
  clients.push(client);
  return client;
};

test("what is sent is answered, told to who follows, and resumed by cursor in a client of its own", async () => {
  const [ana, ben] = [open("ana"), open("ben")];
  const told: string[] = [];
  ben.on("event", ({ command }) => told.push(command));
  expect(await ben.follow(opened.shown)).toBe(opened.shown);
  const sent = ana.send(opened.shown, "hello");
  expect(await sent.answer).toMatchObject({ body: "hello" });
  await until(() => told.includes(sent.id), "ben hears it");
  const { cursor } = ben;
  ben.close();
  const missed = ana.send(opened.shown, "while ben is away");
  await missed.answer;
  const back = open("ben", { cursor });
  const again: string[] = [];
  back.on("event", ({ command }) => again.push(command));
  await back.follow(opened.shown);
  await until(() => again.length > 0, "ben is told what he missed");
  expect([told, again]).toEqual([[sent.id], [missed.id]]);
});

test("a refusal of the region comes with its code; a stranger follows nothing", async () => {
  const eve = open("eve");
  await expect(eve.follow(opened.shown)).rejects.toMatchObject({ code: "not-found" });
  await expect(eve.send(opened.shown, "x").answer).rejects.toMatchObject({ code: "not-found" });
  await expect(eve.read(`/v1/channels/${opened.shown}/messages`)).rejects.toMatchObject({ code: "not-found" });
});

test("a token that nobody signed ends the client, with the region's reason; a cursor of nowhere too", async () => {
  const stranger = open("ana", { token: () => tokenOf("ana", { secret: "another secret of nobody" }) });
  await expect(stranger.online()).rejects.toMatchObject({ code: "refused-here", closeCode: 4401 });
  const lost = open("ana", { cursor: "bm93aGVyZQ" });
  await expect(lost.online()).rejects.toMatchObject({ closeCode: 4400 });
});

test("when a gateway goes away its client goes on at the next, and what was said meanwhile is accepted once", async () => {
  const other = await openTestGateway({}, opened.region);
  const ana = open("ana", { regions: [opened.url, other.url], chance: () => 0 });
  await ana.follow(opened.shown);
  await opened.gateway.close();
  opened = { ...opened, ...other };
  const sent = ana.send(opened.shown, "meanwhile");
  expect(await sent.answer).toMatchObject({ body: "meanwhile" });
  expect(opened.region.log.filter(({ wire }) => wire.command === sent.id).length).toBe(1);
});

test("T3: what a client had not heard of when it died is sent by the next one, and accepted once", async () => {
  let text: string | undefined;
  let dead = false;
  const outbox = { load: () => text, save: (given: string) => void (dead || (text = given)) };
  const first = open("ana", { outbox, inFlight: 3 });
  await first.online();
  const sent = Array.from({ length: 20 }, (_, nth) => first.send(opened.shown, `line ${nth}`));
  await sent[4]?.answer;
  dead = true; // whatever it hears from now on nobody keeps
  first.close();
  const second = open("ana", { outbox });
  const restored = await second.restored;
  expect(restored.map(({ id }) => id)).toEqual(sent.slice(-restored.length).map(({ id }) => id));
  expect(restored.length).toBeGreaterThan(10);
  await Promise.all(restored.map(({ answer }) => answer));
  expect(opened.region.log.map(({ wire }) => wire.command).filter((command) => sent.some(({ id }) => id === command))).toEqual(
    sent.map(({ id }) => id),
  );
});

test("L4: whatever breaks, and whenever, each event of each channel is told once and in order, also of one that is followed meanwhile", async () => {
  const other = await openTestGateway({}, opened.region);
  const second = opened.region.channel("second", { ana: "owner", ben: "member" });
  const sockets: WebSocket[] = [];
  class Kept extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol);
      sockets.push(this);
    }
  }
  const ben = open("ben", { regions: [opened.url, other.url], WebSocket: Kept, chance: () => 0 });
  const told: string[] = [];
  ben.on("event", ({ command }) => told.push(command));
  await ben.follow(opened.shown);
  const said = { first: [] as string[], second: [] as string[] };
  const say = (list: string[], identity: string): void => {
    const { command } = opened.region.apply(identity, { kind: "message.sent", actor: "ana", data: { body: "x" } });
    list.push(command);
  };
  const { cursor: beforeSecond } = ben;
  for (let round = 0; round < 40; round += 1) {
    say(said.first, opened.channel);
    say(said.second, second);
    if (round === 10) void ben.follow(opened.region.shown(second), beforeSecond).catch(() => {});
    if (round % 3 === 1) sockets.at(-1)?.terminate();
    // Breaks fall before hello, between hello and welcome, while it is caught up with, and later.
    for (let turns = round % 7; turns > 0; turns -= 1) await new Promise((turn) => setImmediate(turn));
    if (round % 5 === 0) await ben.online();
  }
  await until(() => told.length >= said.first.length + said.second.length, "everything has been told");
  expect(told.filter((command) => said.first.includes(command))).toEqual(said.first);
  expect(told.filter((command) => said.second.includes(command))).toEqual(said.second);
  expect(sockets.length).toBeGreaterThan(5);
  ben.close();
  await other.gateway.close();
});
