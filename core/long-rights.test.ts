/** Rights given by people whose rights were given by others, and memberships that were given a hundred times: judged alike whatever is remembered, at little cost. */
import { expect, test } from "vitest";
import { OneRegion, openReplica } from "../test/replica/one-region.ts";
import type { Command } from "./command.ts";
import type { Event } from "./event.ts";
import { shownId } from "./ids.ts";
import { registerKey } from "./register.ts";
import { standings } from "./rights.ts";

type Asking = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;

function aRegion(): {
  readonly region: OneRegion;
  readonly ask: (user: string, asking: Asking) => Event | undefined;
  readonly channel: string;
  readonly identity: string;
} {
  let nowMs = 1_700_000_000_000;
  let commands = 0;
  const region = new OneRegion({ region: "us", nowMs: () => ++nowMs });
  const ask = (user: string, asking: Asking): Event | undefined =>
    region.do({ user, roles: ["user"] }, { id: `c${++commands}`, ...asking } as Command)?.[0];
  const created = ask("u0", { kind: "channel.create", name: "one" });
  const identity = created?.channel ?? "";
  return { region, ask, identity, channel: shownId("channel", identity, created?.stamp ?? "") };
}

test("A4: a chain of a thousand owners, each made by the one before, stands for who has just come as for who saw it grow", () => {
  const { region, ask, channel, identity } = aRegion();
  for (let n = 1; n <= 1_000; n += 1) ask(`u${n - 1}`, { kind: "member.set", channel, user: `u${n}`, role: "owner" });
  const last = registerKey.member(identity, "u1000");
  expect(region.tables.get("registers", last)?.resolution.value).toBe("owner");
  // Somebody who remembers nothing of it, and judges the last one first.
  const register = region.tables.get("registers", last);
  const cold = standings(register ?? { key: last, entries: [] }, { lookup: (key) => region.tables.get("registers", key), witnesses: [] });
  expect(register?.entries.map(cold)).toEqual(["ok"]);
  const { replica, tables } = openReplica("eu");
  for (const placed of region.log) replica.apply(placed);
  expect(tables.get("registers", last)?.resolution).toEqual(register?.resolution);
});

test("A4: who leaves and comes back a hundred times makes nobody's messages slow", () => {
  const { region, ask, channel } = aRegion();
  ask("u0", { kind: "member.set", channel, user: "bo" });
  const costs: number[] = [];
  for (let n = 0; n < 300; n += 1) {
    ask("bo", { kind: "member.remove", channel, user: "bo" });
    ask("u0", { kind: "member.set", channel, user: "bo" });
    const began = performance.now();
    expect(ask("bo", { kind: "message.send", channel, body: "b" })).toBeDefined();
    costs.push(performance.now() - began);
  }
  expect(region.log.length).toBe(2 + 900);
  // A message once cost as much as all the memberships together: a second here.
  expect(costs.sort((a, b) => a - b)[150]).toBeLessThan(50);
});
