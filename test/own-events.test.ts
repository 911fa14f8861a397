/** The gateway and the replica must agree whose own stream an event belongs to: one tells it, the other finds it again. */
import { expect, test } from "vitest";
import type { Event, EventKind } from "../core/event.ts";
import type { WireEvent } from "../core/objects.ts";
import { ownerOf } from "../gateway/own-events.ts";
import { audienceOf } from "../reconciliation/event-rows.ts";

const KINDS: Readonly<Record<EventKind, true>> = {
  "channel.created": true,
  "channel.changed": true,
  "member.set": true,
  "member.removed": true,
  "message.sent": true,
  "message.edited": true,
  "message.deleted": true,
  "reaction.set": true,
  "reaction.cleared": true,
  "read.marked": true,
  "document.updated": true,
  "conflict.seen": true,
  "profile.changed": true,
  "webhook.set": true,
  "webhook.removed": true,
  "webhook.halted": true,
  "clock.witnessed": true,
  "epoch.opened": true,
};

test.each(Object.keys(KINDS))("L4: %s is told to the owner of the stream it is found in", (kind) => {
  const event = { kind, actor: "ana", data: { user: "ben" } } as unknown as Event & WireEvent;
  const owner = ownerOf(event);
  expect(audienceOf(event).users).toEqual(owner === undefined ? [] : [owner]);
});
