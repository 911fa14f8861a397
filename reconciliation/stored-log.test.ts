/** A lost log made again from the store (L3). That it is so byte for byte, every simulation checks at its end. */
import { expect, test } from "vitest";
import type { Event, Placed } from "../core/event.ts";
import { placeKey } from "../core/position.ts";
import { openMemoryStore } from "../regions/embedded/memory-store.ts";
import { storedLog } from "./stored-log.ts";

const placed = (sequence: number, place: number): Placed => ({
  position: { origin: "us", epoch: 1, sequence, place },
  event: { stamp: `${sequence}.${place}` } as Event,
});

test("L3: events of all channels come back in the messages they stood in, however far apart, and what held no event is empty", async () => {
  const store = openMemoryStore();
  const rows: readonly (readonly [string, Placed])[] = [
    ["b", placed(1, 1)],
    ["a", placed(1, 0)],
    ["@ana", placed(1, 0)],
    ["b", placed(9_000, 0)],
  ];
  await store.commit([
    ...rows.map(([stream, one]) => ({ table: "events" as const, key: `${stream}|${placeKey(one.position)}`, value: one })),
    { table: "events", key: `a|${placeKey({ origin: "eu", epoch: 1, sequence: 2, place: 0 })}`, value: placed(2, 0) },
    { table: "positions", key: "us", value: { epoch: 1, sequence: 9_001, place: 0 } },
  ]);
  const log = storedLog(store, "us");
  const all = [...log.read(1, 0)];
  expect([log.held, all.length, all.every(({ sequence }, at) => sequence === at + 1)]).toEqual([
    [{ epoch: 1, first: 1, head: 9_001 }],
    9_001,
    true,
  ]);
  expect(all.filter(({ text }) => text !== "[]")).toEqual([
    { sequence: 1, text: '[{"stamp":"1.0"},{"stamp":"1.1"}]' },
    { sequence: 9_000, text: '[{"stamp":"9000.0"}]' },
  ]);
  expect([...log.read(1, 9_000)]).toEqual([{ sequence: 9_001, text: "[]" }]);
});

test("L3: the store knows an epoch to be opened before anything of it is applied", async () => {
  const store = openMemoryStore();
  expect(storedLog(store, "us")).toMatchObject({ known: undefined, opened: undefined, held: [] });
  await storedLog(store, "us").opens(7);
  expect(storedLog(store, "us").opened).toBe(7);
});
