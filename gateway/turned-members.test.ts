/** A verdict makes or unmakes a member without an event: a late witness says that the removal, or the membership, cannot be trusted (T2, D6). */
import { beforeEach, expect, test } from "vitest";
import type { Conflict } from "../core/objects.ts";
import { type OpenedRoom, openTestRoom, Socket } from "./gateway.test-model.ts";

let opened: OpenedRoom;
beforeEach(async () => {
  opened = await openTestRoom();
  return opened.close;
});
const say = (body: string): void => void opened.region.apply(opened.channel, { kind: "message.sent", actor: "ana", data: { body } });
const aboutBen = (): Conflict =>
  ({ id: "cfl", register: { kind: "member", channel: opened.shown, field: "ben" }, losers: [], state: "open" }) as unknown as Conflict;

/** The event that brings the verdict is about something else. */
function witnessed(): void {
  const told = { conflict: aboutBen(), channel: opened.channel, losers: [], about: "ben" };
  opened.region.apply(
    opened.channel,
    { kind: "message.sent", actor: "ana", data: {} },
    { conflicts: [told], turned: [{ channel: opened.channel, user: "ben" }] },
  );
}

test("who is no member any more hears nothing of the channel from then on, and that it ended", async () => {
  const ben = await Socket.of(opened.url, "ben", { channels: [opened.shown] });
  await ben.drained();
  opened.region.members.get(opened.channel)?.delete("ben");
  witnessed();
  say("not for ben");
  await ben.drained();
  expect(ben.ofType("error")).toMatchObject([{ channel: opened.shown, code: "not-found" }]);
  expect(JSON.stringify(ben.frames)).not.toContain("not for ben");
  expect(ben.ofType("conflict")).toEqual([]);
});

test("who is a member again is told of the verdict on all connections, and can follow", async () => {
  opened.region.members.get(opened.channel)?.delete("ben");
  const ben = await Socket.of(opened.url, "ben");
  opened.region.members.get(opened.channel)?.set("ben", "member");
  witnessed();
  await ben.drained();
  expect(ben.ofType("conflict")).toMatchObject([{ conflict: { register: { kind: "member", field: "ben" } } }]);
  expect(await ben.ask({ type: "subscribe", channel: opened.shown })).toMatchObject({ ok: true });
  say("for ben too");
  await ben.drained();
  expect(JSON.stringify(ben.events())).toContain("for ben too");
});
