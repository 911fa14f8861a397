import { beforeEach, expect, test } from "vitest";
import { type OpenedRoom, openTestRoom, Socket, tokenOf } from "./gateway.test-model.ts";
import type { Recipient } from "./recipient.ts";
import { checkRoutes, Routing } from "./routing.ts";

let opened: OpenedRoom;
beforeEach(async () => {
  opened = await openTestRoom();
  return opened.close;
});
const send = (message: string) => opened.region.apply(opened.channel, { kind: "message.sent", actor: "ana", data: { message, body: "x" } });

async function trace(user: string, message: string) {
  const answer = await fetch(`${opened.url}/v1/channels/${opened.shown}/messages/${message}/trace`, {
    headers: { authorization: `Bearer ${await tokenOf(user)}` },
  });
  return { status: answer.status, body: (await answer.json()) as { readonly connections: readonly { readonly state: string }[] } };
}
const statesOf = async (message: string): Promise<readonly string[]> =>
  (await trace("ben", message)).body.connections.map(({ state }) => state).sort();

test("M4: a trace says where a message was accepted and which of my connections were given it", async () => {
  const first = await Socket.of(opened.url, "ben", { channels: [opened.shown] });
  await first.drained();
  send("msg_us_one");
  await first.drained();
  await Socket.of(opened.url, "ben");
  const late = await Socket.of(opened.url, "ben", { channels: [opened.shown] });
  await late.drained();
  const { status, body } = await trace("ben", "msg_us_one");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    message: "msg_us_one",
    channel: opened.shown,
    author: "ana",
    accepted: { region: "us", position: "us.1.1.0" },
    applied: [{ region: "us", state: "applied" }],
    mended: 0,
  });
  expect(await statesOf("msg_us_one")).toEqual(["before", "delivered", "not-subscribed"]);
});

test("nobody sees another's connections, and strangers see nothing", async () => {
  await Socket.of(opened.url, "ben", { channels: [opened.shown] });
  send("msg_us_one");
  expect((await trace("ana", "msg_us_one")).body.connections).toEqual([]);
  expect((await trace("eve", "msg_us_one")).status).toBe(404);
  expect((await trace("ben", "msg_us_two")).status).toBe(404);
});

test("D11: an entry that is gone from the routing table is found by the check, and put back", () => {
  const routing = new Routing();
  const followed = new Set(["c1", "c2"]);
  const connection = {
    user: "ben",
    standing: { channels: () => [...followed] },
    unfollow: (of: string) => followed.delete(of),
    refollow: (of: string) => routing.follow(connection, of),
  } as unknown as Recipient;
  routing.enter(connection, ["c1", "c2"]);
  routing.follow(connection, "c1"); // c2 has been lost
  let mismatches = 0;
  const check = checkRoutes(routing, { isMember: (_, of) => of !== "c3" }, () => {
    mismatches += 1;
  });
  check();
  expect([...routing.followers("c2")]).toEqual([connection]);
  check();
  expect(mismatches).toBe(1);
  followed.add("c3"); // a right that has ended
  check();
  expect([mismatches, followed.has("c3")]).toEqual([2, false]);
});
