/** One whole region in this process, on a log and a disk in memory, whose history follows in a real store. Time is real. */
import { randomUUID } from "node:crypto";
import type { Actor } from "../../core/command.ts";
import type { HistoryStore } from "../../core/ports/history-store.ts";
import { embeddedHistory } from "../../core/ports/message-history.ts";
import { openLoneRegisters } from "../../reconciliation/lone-registers.ts";
import { openRegion } from "../../reconciliation/region.ts";
import type { Region } from "../../reconciliation/region-ports.ts";
import { openBootClock } from "../../regions/boot-clock.ts";
import { openMemoryLog } from "../../regions/embedded/memory-log.ts";
import { openMemoryStore } from "../../regions/embedded/memory-store.ts";
import { openRealTimers } from "../../regions/real-timers.ts";
import { until } from "../servers/server.ts";
import { PEERLESS } from "./peerless-link.ts";

const ANA: Actor = { user: "ana", roles: ["user", "auditor"] };
const AT_ONCE = 64;

export interface Talk {
  readonly region: Region;
  readonly channel: string;
  /** Changes brought again because the store had lost them. */
  readonly refilled: () => number;
  /** Messages, some of them edited and reacted to, each waited for; resolves with how long the slowest took, ms. */
  say(messages: number): Promise<number>;
  /** Messages that the store has acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Called at the very moment of each acknowledgement. */
  onAcknowledged(listener: () => void): void;
  /** Why it failed, each time it did. */
  readonly failures: readonly string[];
  /** How many events connections were told. */
  told(): number;
  state(): string;
  /** The store has taken everything. */
  caughtUp(withinMs?: number): Promise<number>;
  /** Every page of the channel, and every version of its newest messages: from wherever they are read, and from the embedded store. */
  pages(from: "anywhere" | "embedded"): Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

export async function talkWith(store: HistoryStore): Promise<Talk> {
  let refilled = 0;
  const acknowledged = new Set<string>();
  const failures: string[] = [];
  let heard = (): void => {};
  const history: HistoryStore = {
    ...store,
    write: async (batch) => {
      await store.write(batch);
      for (const { message } of batch.messages) acknowledged.add(message);
      heard();
    },
  };
  const region = await openRegion({
    region: "us",
    regions: ["us"],
    store: openLoneRegisters(openMemoryStore()),
    log: openMemoryLog("us", 1),
    link: PEERLESS,
    timers: openRealTimers(),
    physical: openBootClock(0),
    random: Math.random,
    secret: "the mesh's secret",
    boot: randomUUID(),
    history,
    watch: {
      refilling: (_, changes) => {
        refilled += changes;
      },
      sinkFailed: (_, why) => void failures.push(String(why)),
    },
  });
  let told = 0;
  region.feed.listen(() => {
    told += 1;
  });
  const made = await region.acceptor.submit(ANA, { id: randomUUID(), kind: "channel.create", name: "talk", members: [] });
  const channel = String((made.result as { readonly id?: unknown }).id);
  let said = 0;

  const sayOne = async (): Promise<void> => {
    const nth = (said += 1);
    const sent = await region.acceptor.submit(ANA, {
      id: randomUUID(),
      kind: "message.send",
      channel,
      body: `message ${nth} of a long talk`,
    });
    const message = String((sent.result as { readonly id?: unknown }).id);
    if (nth % 10 === 0)
      await region.acceptor.submit(ANA, { id: randomUUID(), kind: "message.edit", channel, message, body: `edited ${nth}` });
    if (nth % 7 === 0) await region.acceptor.submit(ANA, { id: randomUUID(), kind: "reaction.set", channel, message, emoji: "👍" });
  };

  return {
    region,
    channel,
    refilled: () => refilled,
    acknowledged,
    onAcknowledged: (listener) => {
      heard = listener;
    },
    failures,
    told: () => told,
    state: () => region.projections()[0]?.state ?? "none",
    say: async (messages) => {
      let slowestMs = 0;
      let left = messages;
      const lane = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          const startMs = performance.now();
          await sayOne();
          slowestMs = Math.max(slowestMs, performance.now() - startMs);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, lane));
      return slowestMs;
    },
    caughtUp: (withinMs = 60_000) =>
      until(
        "the history store has taken everything",
        () => {
          const [facts] = region.projections();
          return facts?.state === "live" && facts.waiting === 0 && region.health().rowsAhead === 0;
        },
        withinMs,
      ),
    pages: async (from) => {
      const reader = from === "embedded" ? embeddedHistory(region.reader) : region.history;
      const all: unknown[] = [];
      for (let before: string | null | undefined; before !== null; ) {
        const page = await reader.messages(ANA, channel, { limit: 200, ...(before === undefined ? {} : { before }) });
        all.push(...page.items);
        before = page.next;
      }
      for (const { id } of (all as { readonly id: string }[]).slice(0, 20))
        all.push((await reader.versions(ANA, channel, id, { limit: 50 })).items);
      return all;
    },
    stop: () => region.drain(),
  };
}
