/** A region without peers, servers and sockets: its own road from command to store and nothing else. What it holds can be made large quickly. */
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Actor } from "../core/command.ts";
import type { EventLog } from "../core/ports/event-log.ts";
import type { StateStore } from "../core/ports/state-store.ts";
import { openLoneRegisters } from "../reconciliation/lone-registers.ts";
import { openRegion } from "../reconciliation/region.ts";
import type { Region } from "../reconciliation/region-ports.ts";
import { openBootClock } from "../regions/boot-clock.ts";
import { openLmdbStore } from "../regions/embedded/lmdb-store.ts";
import { openMemoryLog } from "../regions/embedded/memory-log.ts";
import { openRealTimers } from "../regions/real-timers.ts";
import { PEERLESS } from "../test/stories/peerless-link.ts";

export interface LoneRegion {
  readonly region: Region;
  readonly store: StateStore;
  readonly channel: string;
  readonly texts: readonly string[];
  /** Messages of one author after another, many at once in flight. */
  send(count: number): Promise<void>;
  stop(): Promise<void>;
}

export const AUTHORS = 256;
const actor = (nth: number): Actor => ({ user: `author-${nth}`, roles: ["user"] });

export async function openLoneRegion(): Promise<LoneRegion> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
  const store = openLoneRegisters(await openLmdbStore({ directory: join(folder, "store") }));
  const memory = openMemoryLog("us", 1);
  /** As a log across a socket: the event loop turns before the answer comes. */
  const append: EventLog["append"] = async (message) => {
    await new Promise((turned) => setImmediate(turned));
    return memory.append(message);
  };
  const region = await openRegion({
    region: "us",
    regions: ["us"],
    store,
    log: { ...memory, append },
    link: PEERLESS,
    timers: openRealTimers(),
    physical: openBootClock(0),
    random: Math.random,
    secret: "only for benchmarks",
    boot: randomUUID(),
  });
  const members = Array.from({ length: AUTHORS - 1 }, (_, i) => ({ user: `author-${i + 1}`, role: "member" as const }));
  const made = await region.acceptor.submit(actor(0), { id: randomUUID(), kind: "channel.create", name: "bench", members });
  const channel = String((made.result as { readonly id?: unknown }).id);
  const lane = async (nth: number, count: number): Promise<void> => {
    for (let i = nth; i < count; i += AUTHORS)
      await region.acceptor.submit(actor(nth), {
        id: randomUUID(),
        kind: "message.send",
        channel,
        body: `message ${i} of a long talk between many`,
      });
  };
  return {
    region,
    store,
    channel,
    texts: memory.kept.texts,
    send: async (count) => {
      await Promise.all(Array.from({ length: AUTHORS }, (_, nth) => lane(nth, count)));
    },
    stop: async () => {
      await region.drain();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
