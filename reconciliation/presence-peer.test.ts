import { expect, test } from "vitest";
import { PeerPresence } from "./presence-peer.ts";

const list = (boot: string, version: number, ...users: readonly string[]) => ({
  boot,
  version,
  changes: users.map((user) => ({ user, status: "online" as const, sinceMs: 5 })),
});
const at = (cuts: number) => ({ cuts, nowMs: 100, monotonicMs: 100, formerUntilMs: 10_100 });

test("P4: an answer asked for before a cut proves nothing after it", () => {
  const peer = new PeerPresence();
  peer.replace(list("one", 1, "ann"), at(0));
  const asked = peer.cuts;
  peer.cutOff(200);
  peer.reached();
  peer.confirm(asked, 300);
  expect(peer.says("ann")).toEqual({ status: "unknown", sinceMs: 200 });
  peer.confirm(peer.cuts, 300);
  expect(peer.says("ann")).toEqual({ status: "online", sinceMs: 5 });
});

test("P4: the first cut counts: unknown since then, also when the link came and went", () => {
  const peer = new PeerPresence();
  peer.replace(list("one", 1, "ann"), at(0));
  peer.cutOff(200);
  peer.reached();
  peer.cutOff(900);
  expect(peer.says("ann")).toEqual({ status: "unknown", sinceMs: 200 });
});

test("H12: users of a former boot stay unknown past their time while the peer cannot be heard", () => {
  const peer = new PeerPresence();
  peer.replace(list("one", 4, "ann", "bob"), at(0));
  peer.replace(list("two", 1, "bob"), at(0));
  expect([peer.says("ann")?.status, peer.says("bob")?.status]).toEqual(["unknown", "online"]);
  peer.cutOff(5_000);
  peer.dropFormer(20_000);
  expect(peer.says("ann")?.status).toBe("unknown");
  peer.reached();
  peer.confirm(peer.cuts, 20_000);
  expect(peer.says("ann")).toBeUndefined();
});
