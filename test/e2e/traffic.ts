/**
 * Writers that never rest, and the book about what became of every command: acked, or unknown to its author. What was acked must stand exactly
 * once in every region's history afterwards, what is unknown at most once.
 */
import { setTimeout as pause } from "node:timers/promises";
import { type Random, randomOf } from "../simulation/random.ts";
import { type MeshUnderTest, until } from "./atoll.ts";
import { channelOf } from "./channel.ts";
import type { Person, Write } from "./person.ts";

export interface Traffic {
  /** Where it is written. */
  readonly channel: string;
  acked(): number;
  /** "author key" of each acked command. */
  commands(): ReadonlySet<string>;
  /** The slowest answer so far, from the first try to the last, ms. */
  slowestMs(): number;
  /** Answers that no retry should have brought: refusals other than `unavailable`. */
  refused(): readonly string[];
  /** No new commands; resolves when each writer's last one is answered. */
  stop(): Promise<void>;
  /** Compares every region's history with the book. */
  account(): Promise<Account>;
}
export interface Account {
  readonly acked: number;
  /** "region: command" for each acked command that a region lacks. */
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
}
export interface TrafficOptions {
  readonly mesh: Pick<MeshUnderTest, "regions" | "person">;
  readonly seed: number;
  readonly name: string;
  readonly writers?: number;
  /** Of all writers together, a second. */
  readonly rate?: number;
}

const WRITERS = 24;
const RATE = 100;
/** Failed tries after which a writer also asks other regions. */
const PATIENCE = 3;

export async function openTraffic({ mesh, seed, name, writers = WRITERS, rate = RATE }: TrafficOptions): Promise<Traffic> {
  const random = randomOf(seed);
  const regions = mesh.regions();
  const people = await Promise.all(Array.from({ length: writers }, (_, i) => mesh.person(`${name}-${i}`)));
  const [owner] = people;
  if (owner === undefined) throw new Error("traffic needs a writer");
  let cursor = "";
  // A kept connection to a process that a story before this one has killed ends with the first use.
  await until("a cursor", () =>
    owner.cursor(regions[0] ?? "").then(
      (given) => (cursor = given) !== "",
      () => false,
    ),
  );
  const channel = await channelOf(mesh, people, name);

  const acked = new Set<string>();
  const refused: string[] = [];
  let slowestMs = 0;
  let stopping = false;
  const everyMs = (1_000 * writers) / rate;

  const writing = people.map(async (person, i) => {
    const own = random.fork(i);
    const home = regions[i % regions.length] ?? "";
    const messages: string[] = [];
    for (let nth = 0; !stopping; nth += 1) {
      const startMs = performance.now();
      const write = nextWrite(own, { channel, key: `${person.user}-${nth}`, messages });
      const answer = await person.surely((tries) => (tries > PATIENCE && own.chance(0.3) ? own.pick(regions) : home), write);
      const tookMs = performance.now() - startMs;
      slowestMs = Math.max(slowestMs, tookMs);
      if (answer.status < 300) {
        acked.add(`${person.user} ${write.key}`);
        if (write.method === "POST") messages.push(answer.body["id"] as string);
      } else refused.push(`${write.method} ${write.path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      await pause(Math.max(0, everyMs * own.between(0.5, 1.5) - tookMs));
    }
  });

  return {
    channel,
    acked: () => acked.size,
    commands: () => acked,
    slowestMs: () => slowestMs,
    refused: () => refused,
    stop: async () => {
      stopping = true;
      await Promise.all(writing);
    },
    account: async () => {
      const lost: string[] = [];
      const duplicated: string[] = [];
      for (const region of regions) {
        const seen = await seenIn(owner, region, cursor);
        for (const command of acked) if (!seen.has(command)) lost.push(`${region}: ${command}`);
        for (const [command, times] of seen) if (times > 1) duplicated.push(`${region}: ${command}`);
      }
      return { acked: acked.size, lost, duplicated };
    },
  };
}

/** "author key" -> how often it stands in the region's history. */
async function seenIn(reader: Person, region: string, cursor: string): Promise<ReadonlyMap<string, number>> {
  const seen = new Map<string, number>();
  for (const { kind, actor, command } of await reader.changesSince(region, cursor)) {
    if (!/^(message|reaction)\./.test(kind)) continue;
    const name = `${actor} ${command}`;
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  return seen;
}

interface Where {
  readonly channel: string;
  readonly key: string;
  readonly messages: readonly string[];
}

/** Mostly messages; some of one's own are changed or reacted to. */
function nextWrite(random: Random, { channel, key, messages }: Where): Write {
  const path = `/v1/channels/${channel}/messages`;
  const kind = messages.length === 0 ? 1 : random.next();
  if (kind < 0.1) return { method: "PATCH", path: `${path}/${random.pick(messages)}`, key, body: { body: `changed by ${key}` } };
  if (kind < 0.15) return { method: "PUT", path: `${path}/${messages.at(-1)}/reactions/${encodeURIComponent("👍")}`, key };
  return { method: "POST", path, key, body: { body: `said by ${key}` } };
}
