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
  /** Of these, those that were asked more than once: which of two tries stands is nobody's promise. */
  retried(): ReadonlySet<string>;
  /** The slowest answer so far, from the first try to the last, ms. */
  slowestMs(): number;
  /** Answers that no retry should have brought: refusals other than `unavailable`. */
  refused(): readonly string[];
  /** Of wild traffic: commands that were answered "not found" to the end, as a region did not know the channel or the message yet. */
  notHere(): number;
  /** No new commands; resolves when each writer's last one is answered. */
  stop(): Promise<void>;
  /** Compares every region's history with the book. `brought`: "author key" of what others had accepted in the channel. */
  account(brought?: readonly string[]): Promise<Account>;
}
export interface Account {
  readonly acked: number;
  /** "region: command" for each acked command that a region lacks. */
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  /** "region: message" for each that somebody sees though it was deleted. */
  readonly resurrected: readonly string[];
}
export interface TrafficOptions {
  readonly mesh: Pick<MeshUnderTest, "regions" | "person">;
  readonly seed: number;
  readonly name: string;
  readonly writers?: number;
  /** Of all writers together, a second. */
  readonly rate?: number;
  /** Writers also delete what they sent, and change and delete it in other regions than their own, before it may have come there. */
  readonly wild?: boolean;
  /** More members, who write nothing. */
  readonly readers?: readonly Person[];
}

const WRITERS = 24;
const RATE = 100;
/** Failed tries after which a writer also asks other regions. */
const PATIENCE = 3;
/** Wild writers change one of so many, so that two regions soon hold two texts of one. */
const RECENT = 3;

export async function openTraffic({
  mesh,
  seed,
  name,
  writers = WRITERS,
  rate = RATE,
  wild = false,
  readers = [],
}: TrafficOptions): Promise<Traffic> {
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
  const channel = await channelOf(mesh, [...people, ...readers], name);

  const acked = new Set<string>();
  const retried = new Set<string>();
  const deleted = new Set<string>();
  const refused: string[] = [];
  let notHere = 0;
  let slowestMs = 0;
  let stopping = false;
  const everyMs = (1_000 * writers) / rate;

  const writing = people.map(async (person, i) => {
    const own = random.fork(i);
    const home = regions[i % regions.length] ?? "";
    const messages: string[] = [];
    for (let nth = 0; !stopping; nth += 1) {
      const startMs = performance.now();
      const write = nextWrite(own, { channel, key: `${person.user}-${nth}`, messages, wild });
      const door = wild && /PATCH|DELETE/.test(write.method) ? own.pick(regions) : home;
      const answer = await person.surely((tries) => {
        if (tries > 0) retried.add(`${person.user} ${write.key}`);
        return tries > PATIENCE && own.chance(0.3) ? own.pick(regions) : door;
      }, write);
      const tookMs = performance.now() - startMs;
      slowestMs = Math.max(slowestMs, tookMs);
      if (answer.status < 300) {
        acked.add(`${person.user} ${write.key}`);
        if (write.method === "POST") messages.push(answer.body["id"] as string);
        if (write.method === "DELETE") deleted.add(write.path);
      } else if (wild && answer.status === 404) notHere += 1;
      else refused.push(`${write.method} ${write.path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      await pause(Math.max(0, everyMs * own.between(0.5, 1.5) - tookMs));
    }
  });

  return {
    channel,
    acked: () => acked.size,
    commands: () => acked,
    retried: () => retried,
    slowestMs: () => slowestMs,
    refused: () => refused,
    notHere: () => notHere,
    stop: async () => {
      stopping = true;
      await Promise.all(writing);
    },
    account: async (brought = []) => {
      const lost: string[] = [];
      const duplicated: string[] = [];
      const resurrected: string[] = [];
      for (const region of regions) {
        for (const path of deleted) if ((await owner.read(region, path))["body"] !== null) resurrected.push(`${region}: ${path}`);
        const seen = await seenIn(owner, region, cursor);
        for (const command of [...acked, ...brought]) if (!seen.has(command)) lost.push(`${region}: ${command}`);
        for (const [command, times] of seen) if (times > 1) duplicated.push(`${region}: ${command}`);
      }
      return { acked: acked.size, lost, duplicated, resurrected };
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
  /** Whose texts stand; one that is deleted leaves the list. */
  readonly messages: string[];
  readonly wild: boolean;
}

/** Mostly messages; some of one's own are changed or reacted to. */
function nextWrite(random: Random, { channel, key, messages, wild }: Where): Write {
  const path = `/v1/channels/${channel}/messages`;
  const kind = messages.length === 0 ? 0.5 : random.next();
  const texts = wild ? messages.slice(-RECENT) : messages;
  if (kind < (wild ? 0.3 : 0.1))
    return { method: "PATCH", path: `${path}/${random.pick(texts)}`, key, body: { body: `changed by ${key}` } };
  if (wild && kind > 0.96) return { method: "DELETE", path: `${path}/${messages.splice(random.below(messages.length), 1)[0]}`, key };
  if (kind < (wild ? 0.35 : 0.15)) return { method: "PUT", path: `${path}/${messages.at(-1)}/reactions/${encodeURIComponent("👍")}`, key };
  return { method: "POST", path, key, body: { body: `said by ${key}` } };
}
