/** Arbitrary worlds, also such as no honest mesh makes: circles, unknown stamps, twins, deletes of both kinds, wrong clocks, forged rights. */
import type { Witness } from "../../core/distrust.ts";
import type { Entry, RegisterKey, Write } from "../../core/register.ts";
import { formatStamp, stampRegion } from "../../core/stamp.ts";
import type { Random } from "../simulation/random.ts";
import type { World } from "./model-world.ts";

const REGIONS = ["us", "eu", "ap"];
const PEOPLE = ["ana", "bo", "cy"];
const KINDS = ["body|m", "body|m", "body|m", "body|m", "name", "member|bo", "alias|team", "reaction|m|2b|bo"];
export type Step = { readonly write: Write } | { readonly witness: Witness };
export const worldOf = (steps: readonly Step[]): World => ({
  writes: steps.flatMap((step) => ("write" in step ? [step.write] : [])),
  witnesses: steps.flatMap((step) => ("witness" in step ? [step.witness] : [])),
});
export function shuffled<T>(some: readonly T[], random: Random): readonly T[] {
  const keyed = some.map((one) => ({ one, at: random.next() }));
  return keyed.sort((a, b) => a.at - b.at).map(({ one }) => one);
}

const stampAt = (random: Random, counter: number): string => formatStamp(1_000 + random.below(6), counter, random.pick(REGIONS));
const contentOf = (value: unknown): string => `hash of ${JSON.stringify(value)}`;

/** What a world is full of; few words and commands make twins, and versions that differ from nobody. */
interface Mood {
  readonly key: RegisterKey;
  readonly stamps: readonly string[];
  readonly words: readonly string[];
  readonly repeats: number;
  readonly deletes: number;
}

/** One register of some kind, no rights judged. */
export function anyRegister(random: Random): readonly Step[] {
  const key: RegisterKey = `c|${random.pick(KINDS)}`;
  const stamps = Array.from({ length: 2 + random.below(7) }, (_, index) => stampAt(random, index)).sort();
  const mood = {
    key,
    stamps,
    words: random.pick([
      ["a", "b", "c"],
      ["a", "a", "a", "b"],
    ]),
    repeats: random.pick([0.1, 0.4]),
    deletes: random.pick([0, 0.25]),
  };
  const density = random.pick([0.15, 0.3, 0.5]);
  const isChain = random.chance(0.5);
  const steps = stamps.map((stamp, index): Step => {
    const older = isChain ? stamps.slice(Math.max(0, index - 2), index) : stamps;
    const replaces = older.filter((other) => other !== stamp && random.chance(isChain ? 0.75 : density));
    const isLost = random.chance(0.05);
    return { write: { key, entry: anyEntry(random, stamp, isLost ? [...replaces, formatStamp(1, 1, "us")] : replaces, mood) } };
  });
  return [...steps, ...anySeen(random, key, stamps), ...anyWitnesses(random)];
}

function anyEntry(random: Random, stamp: string, replaces: readonly string[], { key, stamps, words, repeats, deletes }: Mood): Entry {
  const isBody = key.includes("|body|");
  const isDeleted = isBody && random.chance(deletes);
  const value = isDeleted ? null : key.includes("|member|") ? random.pick(["member", "owner", null]) : random.pick(words);
  const isRestored = isBody && !isDeleted && random.chance(0.08);
  return {
    stamp,
    kind: !isBody ? "set" : isDeleted ? "deleted" : isRestored ? "restored" : replaces.length === 0 ? "sent" : "edited",
    author: random.pick(PEOPLE.slice(0, 2)),
    command: random.chance(repeats) ? `command ${random.below(2)}` : stamp,
    content: contentOf(value),
    value,
    replaces,
    policy: random.chance(0.2) ? "merge" : "lww",
    deletes: random.chance(0.5) ? "final" : "lww",
    after: {},
    position: { origin: stampRegion(stamp), epoch: 1, sequence: 1, place: 0 },
    hash: "0".repeat(63) + String(random.below(10)),
    ...(isBody && !isDeleted && random.chance(0.3) ? { update: "u" } : {}),
    ...(isRestored ? { of: random.pick(stamps) } : {}),
  };
}

const anySeen = (random: Random, key: RegisterKey, stamps: readonly string[]): readonly Step[] =>
  Array.from({ length: random.below(3) }, (_, index) => ({
    write: { key, seen: { stamp: stampAt(random, 100 + index), author: random.pick(PEOPLE), of: [random.pick(stamps)], hash: "0" } },
  }));

/** Some regions say of a stretch of one region's stamps that it lay in the future. */
function anyWitnesses(random: Random): readonly Step[] {
  if (random.chance(0.6)) return [];
  const origin = random.pick(REGIONS);
  return shuffled([...REGIONS, random.pick(REGIONS)], random)
    .slice(0, 1 + random.below(4))
    .map((by, index) => {
      const from = 1_000 + random.below(3);
      const stretch = { from: formatStamp(from, 0, origin), to: formatStamp(from + random.below(6), 99, origin) };
      const position = { origin: by, epoch: 1, sequence: 1 + random.below(3), place: 10 + index };
      return { witness: { origin, ...stretch, by, of: random.pick([2, 3, 3]), position } };
    });
}

/** Memberships and messages of one channel, each judged by a right: mostly plausible, sometimes forged. `rightOf` says what an honest origin would name. */
export function anyRights(random: Random, rightOf: (entry: Entry, steps: readonly Step[]) => string | undefined): readonly Step[] {
  const steps: Step[] = [{ write: memberWrite("ana", "owner", placed(random, 1, "us", [])) }];
  const lengths: Record<string, number> = { us: 1, eu: 0, ap: 0 };
  const people = PEOPLE.slice(0, random.pick([2, 3, 3]));
  const memberships = random.pick([0.35, 0.6, 0.8]);
  const count = 4 + random.below(7);
  for (let index = 2; index < count; index += 1) {
    const origin = random.pick(REGIONS);
    lengths[origin] = (lengths[origin] ?? 0) + 1;
    if (random.chance(0.2)) steps.push(...anyWitnesses(random));
    const known = steps.flatMap((step) => ("write" in step && "entry" in step.write ? [step.write] : []));
    const positions = known.map(({ entry }) => entry.position);
    const placing = { ...placed(random, index, origin, positions, lengths[origin]), author: random.pick(people) };
    const write = random.chance(memberships)
      ? memberWrite(random.pick(people), random.pick(["owner", "moderator", "member", "member", null]), placing)
      : bodyWrite(random, placing, known);
    const earlier = known.filter(({ key }) => key === write.key);
    const replaces = earlier.map(({ entry }) => entry.stamp).filter(() => random.chance(0.6));
    const twin = earlier.length > 0 && random.chance(0.2) ? random.pick(earlier).entry : undefined;
    const same = twin && { author: twin.author, command: twin.command, kind: twin.kind, value: twin.value, content: twin.content };
    const entry = { ...write.entry, ...same, replaces };
    const honest = random.chance(0.75) ? rightOf(entry, steps) : undefined;
    const right = honest ?? random.pick([...known.map(({ entry: { stamp } }) => stamp), formatStamp(1, 1, "us")]);
    steps.push({ write: { key: write.key, entry: { ...entry, right } } });
  }
  return steps;
}

type Placing = Pick<Entry, "stamp" | "author" | "after" | "position">;
function placed(random: Random, index: number, origin: string, known: readonly Entry["position"][], sequence = 1): Placing {
  const after: Record<string, string> = {};
  for (const region of REGIONS) {
    const top = known.filter((position) => position.origin === region).length;
    const seen = region === origin || random.chance(0.5) ? top : random.below(top + 1);
    const forged = random.chance(0.03) ? 3 : 0;
    if (seen + forged > 0) after[region] = `1.${region === origin ? sequence - 1 : seen + forged}.0`;
  }
  const stamp = formatStamp(1_000 + (random.chance(0.15) ? random.below(6) : index % 6), index, origin);
  return { stamp, author: random.pick(PEOPLE), after, position: { origin, epoch: 1, sequence, place: 0 } };
}

const PLAIN = { replaces: [], policy: "lww", deletes: "final" } as const;
type EntryWrite = { readonly key: RegisterKey; readonly entry: Entry };
const memberWrite = (user: string, value: string | null, placing: Placing): EntryWrite => ({
  key: `c|member|${user}`,
  entry: {
    ...PLAIN,
    ...placing,
    author: placing.stamp.endsWith("0001-us") ? "ana" : placing.author,
    kind: "set",
    value,
    content: contentOf(value),
    command: placing.stamp,
    hash: "01",
  },
});
function bodyWrite(random: Random, placing: Placing, known: readonly EntryWrite[]): EntryWrite {
  const key = `c|body|${random.pick(["m", "n"])}`;
  const others = known.filter((write) => write.key === key);
  const kind =
    others.length === 0
      ? random.pick(["sent", "sent", "edited"] as const)
      : random.pick(["edited", "edited", "deleted", "restored"] as const);
  const value = kind === "deleted" ? null : random.pick(["a", "b"]);
  const of = kind === "restored" ? { of: random.pick(others).entry.stamp } : {};
  return { key, entry: { ...PLAIN, ...placing, kind, value, content: contentOf(value), command: placing.stamp, hash: "02", ...of } };
}
