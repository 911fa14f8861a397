/** An event that some regions read in an epoch that ended, and others only later in the one after (L3), is one event, judged alike by all. */
import { expect, test } from "vitest";
import { canonical } from "../../core/canonical.ts";
import type { Event, Placed } from "../../core/event.ts";
import { shownId } from "../../core/ids.ts";
import { formatPoint } from "../../core/position.ts";
import { readEvent } from "../../reconciliation/event-shape.ts";
import { COMPARED, rowsIn } from "./from-scratch.ts";
import { OneRegion } from "./one-region.ts";

test("L3, D6: a membership of a lost tail comes back: what was judged by it stands where it was known, and where it comes late", () => {
  let nowMs = 1_700_000_000_000;
  const [us, eu, ap] = ["us", "eu", "ap"].map((region) => new OneRegion({ region, nowMs: () => ++nowMs })) as [
    OneRegion,
    OneRegion,
    OneRegion,
  ];
  const ana = { user: "ana", roles: ["user"] } as const;
  const members = [{ user: "bo", role: "member" }] as const;
  const created = us.do(ana, { id: "1", kind: "channel.create", name: "one", members })?.[0] as Event;
  const channel = shownId("channel", created.channel ?? "", created.stamp);
  const [sent] = us.do(ana, { id: "2", kind: "message.send", channel, body: "Hello" }) ?? [];
  const message = sent?.kind === "message.sent" ? shownId("message", sent.data.message, sent.stamp) : "";
  us.do(ana, { id: "3", kind: "member.set", channel, user: "bo", role: "moderator" });

  // eu has heard the whole first epoch, ap all but its last message: and us itself comes back without it.
  eu.hear(us, 100);
  ap.hear(us, us.log.length - 1);
  const [edited] =
    eu.do({ user: "bo", roles: ["user"] }, { id: "4", kind: "message.edit", channel, message, body: "edited by a moderator" }) ?? [];
  const lost = us.log.at(-1) as Placed;
  const back: Placed = {
    position: { origin: "us", epoch: 2, sequence: 2, place: 0 },
    event: { ...lost.event, late: formatPoint(lost.position) },
  };
  expect(readEvent(back.event, back.position)).toEqual({ event: back.event });

  ap.hear(eu, 100);
  expect(ap.tables.get("registers", `${created.channel}|body|${message.slice(-26)}`)?.resolution.pending).toEqual([edited?.stamp]);
  for (const region of [eu, ap]) region.replica.apply(back);
  for (const region of [eu, ap])
    expect(region.tables.get("registers", `${created.channel}|body|${message.slice(-26)}`)?.resolution.value).toEqual({
      body: "edited by a moderator",
    });
  for (const table of COMPARED) expect([table, canonical(rowsIn(ap.tables, table))]).toEqual([table, canonical(rowsIn(eu.tables, table))]);
});

test("A4: what says to come late stood in an epoch before, and was not made after itself", () => {
  const us = new OneRegion({ region: "us", nowMs: () => 1_700_000_000_000 });
  us.do({ user: "ana", roles: ["user"] }, { id: "1", kind: "channel.create", name: "one" });
  const [placed] = us.log;
  const wrong = (late: string, after = {}): unknown =>
    readEvent({ ...placed?.event, late, after }, { origin: "us", epoch: 3, sequence: 5, place: 0 });
  expect(wrong("2.9.0")).toMatchObject({ event: { late: "2.9.0" } });
  for (const late of ["3.1.0", "4.1.0"]) expect(wrong(late)).toEqual({ wrong: "says to come late from an epoch that is none before" });
  expect(wrong("2.9.0", { us: "2.9.0" })).toEqual({ wrong: "says that it was made after itself" });
  expect(wrong("nonsense")).toEqual({ wrong: "late is no point" });
});
