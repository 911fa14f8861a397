/** A place among a channel's followers is lost from the routing table, which should not happen: its connection is given what it missed (D11, M4). */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Opened, openTestGateway, realTimers, Socket, tokenOf, until } from "./gateway.test-model.ts";
import type { Recipient } from "./recipient.ts";
import { Routing } from "./routing.ts";

let opened: Opened;
let room: string;
let other: string;
/** Whether the gateway looks through its table by itself, each second. */
let sweeps: boolean;
/** Whoever follows a channel is noted here with the gateway's own table, so that a story can take it out. */
let followed: { readonly routing: Routing; readonly connection: Recipient; readonly channel: string }[];
beforeEach(async () => {
  followed = [];
  sweeps = true;
  const follow = Routing.prototype.follow;
  vi.spyOn(Routing.prototype, "follow").mockImplementation(function (this: Routing, connection, channel) {
    followed.push({ routing: this, connection, channel });
    follow.call(this, connection, channel);
  });
  opened = await openTestGateway({
    limits: { catchUpPage: 2 },
    timers: { ...realTimers, every: (periodMs, run) => realTimers.every(periodMs, () => sweeps && run()) },
  });
  const members = { ana: "owner", ben: "member" };
  [room, other] = [opened.region.channel("room", members), opened.region.channel("other", members)];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await opened.close();
});
const send = (channel: string): string =>
  opened.region.apply(channel, { kind: "message.sent", actor: "ana", data: { message: "m", body: "x" } }).position;
const lose = (user: string, channel: string): void => {
  for (const one of followed) if (one.channel === channel && one.connection.user === user) one.routing.unfollow(one.connection, channel);
};
const given = (socket: Socket): readonly string[] => socket.events().map(({ position }) => position);
const mismatches = async (): Promise<string> =>
  await opened.parts.metrics.registry.getSingleMetricAsString("atoll_routing_mismatches_total");

async function follower(): Promise<Socket> {
  const ben = await Socket.of(opened.url, "ben", { channels: [opened.region.shown(room), opened.region.shown(other)] });
  await until(() => ben.ofType("caught-up").length === 2, "both channels live");
  return ben;
}

test("the check puts it back and gives it what passed it by: each event once, in order, and a cursor that can be resumed with", async () => {
  const ben = await follower();
  const had = [send(room), send(other)];
  await until(() => given(ben).length === 2, "what is live");
  lose("ben", room);
  const missed = [send(room), send(room), send(room), send(room), send(room)];
  const live = send(other);
  await until(() => given(ben).length === 8, "everything");
  expect(given(ben)).toEqual([...had, live, ...missed]);
  const after = [send(room), send(other)];
  await until(() => given(ben).length === 10, "what is live again");
  expect(given(ben).slice(8)).toEqual(after);
  expect(await mismatches()).toMatch(/in="followers".* 1$/m);
  const cursor = ben.frames.findLast((frame) => typeof frame["cursor"] === "string")?.["cursor"];
  await ben.end();
  const last = send(room);
  const again = await Socket.of(opened.url, "ben", { cursor, channels: [opened.region.shown(room), opened.region.shown(other)] });
  await until(() => again.ofType("caught-up").length === 2, "both channels again");
  expect(given(again)).toEqual([last]);
});

test("a stream that was given nothing since it became live misses nothing either", async () => {
  send(room);
  const ben = await follower();
  lose("ben", room);
  const missed = [send(room), send(room)];
  await until(() => given(ben).length === 2, "what it missed");
  expect(given(ben)).toEqual(missed);
});

test("M4: whoever asks after a missing message has it at once, not when their turn comes", async () => {
  sweeps = false;
  const ben = await follower();
  lose("ben", room);
  const missed = send(room);
  const path = `/v1/channels/${opened.region.shown(room)}/messages/m/trace`;
  const answer = await fetch(`${opened.url}${path}`, { headers: { authorization: `Bearer ${await tokenOf("ben")}` } });
  expect(await answer.json()).toMatchObject({ mended: 1 });
  await ben.drained();
  expect(given(ben)).toEqual([missed]);
});
