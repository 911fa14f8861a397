/** P4: real timers fire a little early by the monotonic clock; a former boot's users must not stay unknown for ever because of that. */
import { expect, test } from "vitest";
import type { PeerLink } from "../core/ports/peer-link.ts";
import { openPresence } from "./presence-exchange.ts";

test("P4: users of a former boot are gone when their time is up, also when the timer fired half a millisecond early", async () => {
  let list: { boot: string; version: number; same: boolean; users: object[]; next: string } = {
    boot: "first",
    version: 1,
    same: false,
    users: [{ user: "kai", status: "online", sinceMs: 1 }],
    next: "",
  };
  const due: { readonly atMs: number; readonly run: () => void }[] = [];
  let monotonicMs = 0;
  const link = {
    region: "us",
    peers: ["ap"],
    tell: () => {},
    onTold: () => {},
    onAsked: () => {},
    ask: async () => JSON.stringify(list),
  } as unknown as PeerLink;
  const timers = {
    after: (delayMs: number, run: () => void) => {
      due.push({ atMs: monotonicMs + delayMs, run });
      return { cancel: () => {} };
    },
    every: () => ({ cancel: () => {} }),
    monotonicMs: () => monotonicMs,
  };
  const board = openPresence({ link, timers, nowMs: () => 1_000, boot: "here", formerBootMs: 10_000 });
  const answered = async (): Promise<void> => {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
  };
  board.onPeerBeat("ap", { boot: "first", version: 1 });
  await answered();
  expect(board.who(["kai"])[0]?.status).toBe("online");
  list = { boot: "second", version: 0, same: false, users: [], next: "" };
  board.onPeerBeat("ap", { boot: "second", version: 0 });
  await answered();
  expect(board.who(["kai"])[0]?.status).toBe("unknown");
  monotonicMs = 9_999.5;
  for (const { atMs, run } of due.splice(0)) if (atMs <= monotonicMs + 1) run();
  expect(board.who(["kai"])).toEqual([]);
});
