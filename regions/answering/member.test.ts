import type { Worker } from "node:cluster";
import { expect, test } from "vitest";
import type { World } from "../../geodns/steering.ts";
import { Member } from "./member.ts";
import type { Serve, Told } from "./words.ts";

const SERVE: Serve = { host: "127.0.0.1", port: 53, zone: "atoll.test", secret: "for tests", connectionsMost: 256 };
const world = (state: "up" | "down"): World => ({
  regions: [],
  health: new Map([["us", { state, why: "as told", settled: true, share: 1, shed: 0 }]]),
});
function opened(): { readonly member: Member; readonly told: Told[] } {
  const told: Told[] = [];
  const worker = { send: (one: Told) => told.push(one) } as unknown as Worker;
  return { member: new Member(worker, { heardMs: 0, share: 0.5 }), told };
}

test("nothing is told before it listens, and while it is slow to take something only the last of what changes", () => {
  const { member, told } = opened();
  const first = world("up");
  member.tell(first, { anyway: true });
  expect(told).toEqual([]);
  member.begin(SERVE, first);
  member.tell(world("down"), { anyway: false });
  member.tell(world("up"), { anyway: false });
  const last = world("down");
  member.tell(last, { anyway: true });
  expect(told.map(({ kind }) => kind)).toEqual(["serve"]);
  member.took();
  member.tell(last, { anyway: false });
  member.took();
  member.tell(last, { anyway: false });
  expect(told.map(({ kind, parts }) => [kind, parts.health?.get("us")?.state])).toEqual([
    ["serve", "up"],
    ["news", "down"],
  ]);
});

test("each has of the rate what it had of the datagrams, and all together the whole; who is new has a little", () => {
  const members = [900, 100, 0].map((fresh) => Object.assign(opened().member, { fresh }));
  Member.share(members);
  const shares = members.map(({ share }) => share);
  expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
  expect(shares.map((share) => Math.round(share * 100))).toEqual([88, 11, 1]);
  const [left] = members;
  Member.share([left!]);
  expect(left!.share).toBe(1);
  const fresh = [opened().member, opened().member];
  Member.share(fresh);
  expect(fresh.map(({ share }) => share)).toEqual([0.5, 0.5]);
});
