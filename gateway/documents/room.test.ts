/** One room without sockets: what its guests say, and how much of it is kept. */
import { createEncoder, toUint8Array, writeVarUint } from "lib0/encoding";
import { afterEach, describe, expect, test } from "vitest";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from "yjs";
import { LIMITS } from "../../core/limits.ts";
import { ends, openRoom, soon } from "./room.test-model.ts";
import { placesUpdate } from "./whereabouts.ts";

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Where a browser with this client id says to be. */
function place(client: number, state: object | null, clock = 1): Uint8Array {
  return placesUpdate([{ client, clock, state: JSON.stringify(state) }]);
}

describe("who is where", () => {
  test("is said by whoever is there: nobody moves or removes another's cursor", () => {
    const { join } = openRoom();
    const ana = join("ana");
    const ben = join("ben");
    ana.says(place(7, { user: "ana" }));
    ben.says(place(7, { user: "ben, as ana" }, 2));
    ben.says(place(7, null, 3));
    expect(ben.seen()).toEqual(new Map([[7, { user: "ana" }]]));
    ana.says(place(7, { user: "ana", at: 4 }, 4));
    expect(ben.seen()).toEqual(new Map([[7, { user: "ana", at: 4 }]]));
  });

  test("an ordinary client repeats what it hears of others, and is let go on", () => {
    const { join } = openRoom();
    const ana = join("ana");
    const ben = join("ben");
    const doc = new Doc();
    ends.push(() => doc.destroy());
    const awareness = new Awareness(doc);
    awareness.setLocalState({ user: "ben" });
    ana.says(place(7, { user: "ana" }));
    awareness.states.set(7, { user: "ana" });
    awareness.meta.set(7, { clock: 1, lastUpdated: 0 });
    ben.says(encodeAwarenessUpdate(awareness, [7, awareness.clientID]));
    expect([...ana.seen().values()]).toEqual([{ user: "ana" }, { user: "ben" }]);
  });

  test("somebody whose line broke is known again by the same person's next one", () => {
    const { room, join } = openRoom();
    const ana = join("ana");
    const again = join("ana");
    const ben = join("ben");
    ana.says(place(7, { user: "ana" }));
    again.says(place(7, { user: "ana", again: true }, 2));
    room.leave(ana.seat);
    expect(ben.seen()).toEqual(new Map([[7, { user: "ana", again: true }]]));
    room.leave(again.seat);
    expect(ben.seen()).toEqual(new Map());
  });

  test("one line speaks for a handful of clients, whatever it says, and nothing is kept of who is long gone", () => {
    const { room, join } = openRoom();
    const ana = join("ana");
    const ben = join("ben");
    for (let client = 1; client <= 1_000; client += 1) ana.says(place(client, {}));
    expect(ben.seen().size).toBe(LIMITS.awarenessClients);
    for (let nth = 0; nth < 200; nth += 1) {
      const one = join("cy");
      one.says(place(10_000 + nth, {}));
      room.leave(one.seat);
    }
    expect(room.remembered).toBeGreaterThan(200);
    for (let second = 0; second < 200; second += 1) room.tidy();
    expect(room.remembered).toBe(LIMITS.awarenessClients);
  });

  test("what is nested too deep to be passed on is refused, and reaches nobody who comes later", () => {
    const { join } = openRoom();
    const ana = join("ana");
    const deep = placesUpdate([{ client: 7, clock: 1, state: `${"[".repeat(8_000)}${"]".repeat(8_000)}` }]);
    expect(() => ana.says(deep)).toThrow(expect.objectContaining({ code: "invalid" }));
    for (const state of ["{", "", "undefined", '{"a":1e']) expect(() => ana.says(placesUpdate([{ client: 8, clock: 1, state }]))).toThrow();
    expect(join("ben").seen()).toEqual(new Map());
  });
});

test("a few bytes that claim thirty million changes are no update, and make nobody reserve room for them", () => {
  const { room, join } = openRoom();
  const { seat } = join("ana");
  const encoder = createEncoder();
  for (const number of [1, 30_000_000, 77, 0]) writeVarUint(encoder, number);
  const bomb = toUint8Array(encoder);
  const before = process.memoryUsage().rss;
  for (let nth = 0; nth < 20; nth += 1)
    expect(() => room.take(seat, { type: "change", update: bomb })).toThrow(expect.objectContaining({ code: "invalid" }));
  room.hear(Buffer.from(bomb).toString("base64")); // from a peer that let it through
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
});

test("who says only what was made onto things that nobody has is sent away; others go on meanwhile", () => {
  const { room, join } = openRoom();
  const hidden = new Doc();
  const orphans: Uint8Array[] = [];
  hidden.on("update", (update: Uint8Array) => orphans.push(update));
  for (let nth = 0; nth < 400; nth += 1) hidden.getText("notes").insert(nth, "x");
  const { seat } = join("eve");
  const ben = join("ben").seat;
  const says = (update: Uint8Array, by = seat) => room.take(by, { type: "change", update });
  const refused = orphans.slice(1).findIndex((update) => {
    try {
      says(update);
      return false;
    } catch {
      return true;
    }
  });
  expect(refused).toBe(256);
  const honest = new Doc();
  honest.on("update", (update: Uint8Array) => says(update, ben));
  for (let nth = 0; nth < 400; nth += 1) honest.getText("notes").insert(nth, "y");
});

test("S6: what came before its cause is written down when the region itself brings the cause", async () => {
  const elsewhere = new Doc();
  const cause: Uint8Array[] = [];
  elsewhere.on("update", (update: Uint8Array) => cause.push(update));
  elsewhere.getText("notes").insert(0, "first");
  const browser = new Doc();
  applyUpdate(browser, encodeStateAsUpdate(elsewhere));
  const known = encodeStateVector(browser);
  browser.getText("notes").insert(5, " second");
  const { room, log, join } = openRoom();
  const { seat } = join("ana");
  room.take(seat, { type: "change", update: encodeStateAsUpdate(browser, known) });
  await soon();
  expect(log).toEqual([]);
  room.hear(Buffer.from(cause[0] ?? []).toString("base64"));
  await room.settled();
  const told = new Doc();
  for (const update of [...cause, ...log.map((command) => Buffer.from(command.update, "base64"))]) applyUpdate(told, update);
  expect(String(told.getText("notes"))).toBe("first second");
});
