/**
 * The semantics a second time, as definitions over the whole set of events: no order, no index, no step by step, and as slow as that is. It was
 * written from docs/laws.md alone; what the core computes must be what is defined here.
 */
import type { Json } from "../../core/event.ts";
import type { ConflictRecord, Entry, RegisterKey, Resolution, Seen } from "../../core/register.ts";
import type { TextPiece } from "../../core/text-merge.ts";
import { textOf, withText } from "../../core/text-merge.ts";
import { rightsWhere } from "./model-rights.ts";
import { entriesOf, type World } from "./model-world.ts";

export type Shown = Pick<Resolution, "value" | "winner" | "heads"> & { readonly records: readonly Omit<ConflictRecord, "id">[] } & Pick<
    Resolution,
    "incomplete" | "pending" | "void"
  >;

const seenOf = ({ writes }: World, key: RegisterKey): readonly Seen[] =>
  writes.flatMap((write) => (write.key === key && "seen" in write ? [write.seen] : []));

/** A stamp is distrusted when regions that make up more than half of the mesh say so (D3). */
const distrusted = (world: World, stamp: string): boolean => {
  const saying = world.witnesses.filter(({ origin, from, to }) => stamp.endsWith(`-${origin}`) && stamp >= from && stamp <= to);
  return new Set(saying.map(({ by }) => by)).size > Math.max(0, ...saying.map(({ of }) => of)) / 2;
};

/** A version that stands: the events of one author, command and content (D5). `names`: whoever names one of these names the version. */
export interface Body {
  readonly name: string;
  readonly twins: readonly Entry[];
  readonly names: readonly string[];
  readonly key: string;
  readonly said: Entry;
}
type Pair = readonly [string, string];

/** The smallest set of pairs that holds the given ones and is transitive. */
function closure(pairs: readonly Pair[]): (a: string, b: string) => boolean {
  const reach = new Map<string, Set<string>>();
  for (const [a, b] of pairs) reach.set(a, (reach.get(a) ?? new Set()).add(b));
  for (let grown = true; grown; ) {
    grown = false;
    for (const set of reach.values())
      for (const one of [...set])
        for (const far of reach.get(one) ?? [])
          if (!set.has(far)) {
            set.add(far);
            grown = true;
          }
  }
  return (a, b) => reach.get(a)?.has(b) ?? false;
}

const keyOf = ({ author, command, content }: Entry): string => [author, command, content].join("\n");
const least = (some: readonly string[]): string => [...some].sort()[0] ?? "";

function versionsIn(world: World, key: RegisterKey): readonly Body[] {
  const entries = entriesOf(world, key);
  return [...new Set(entries.map(keyOf))].flatMap((one) => {
    const all = entries.filter((entry) => keyOf(entry) === one);
    const twins = all.filter((entry) => standingOf(entry, key, world) === "ok");
    const name = least(twins.map(({ stamp }) => stamp));
    const said = twins.find(({ stamp }) => stamp === name);
    return said === undefined ? [] : [{ name, twins, names: all.map(({ stamp }) => stamp), key: one, said }];
  });
}

/** Where a name leads: to itself, or where it is passed, to all that lies behind it. */
function behind(stamp: string, isPassed: (entry: Entry) => boolean, entries: readonly Entry[], walked: readonly string[] = []): string[] {
  const named = entries.find((entry) => entry.stamp === stamp);
  if (named === undefined || !isPassed(named)) return [stamp];
  return named.replaces.flatMap((next) => (walked.includes(next) ? [] : behind(next, isPassed, entries, [...walked, stamp, next])));
}

export interface Judged {
  readonly versions: readonly Body[];
  readonly isAncestor: (a: Body, b: Body) => boolean;
  readonly judge: (some: readonly Body[]) => {
    readonly winner: Body;
    readonly rule: ConflictRecord["rule"];
    readonly reason: ConflictRecord["reason"];
    /** A merged one. */
    readonly value?: Json;
  };
  readonly final: boolean;
}

/** Who comes after whom, and who wins among some (D1, D3, D4, D7). */
export function judgedIn(world: World, key: RegisterKey): Judged {
  const entries = entriesOf(world, key);
  const versions = versionsIn(world, key);
  const final = versions.some(({ twins }) => twins.some((twin) => twin.kind === "deleted" && twin.deletes === "final"));
  const edges = versions.flatMap((from) =>
    from.twins.flatMap((twin) => {
      const isPassed = (to: Entry): boolean =>
        !versions.some(({ names }) => names.includes(to.stamp)) || (final && to.kind === "deleted" && twin.kind !== "deleted");
      const targets = twin.replaces.flatMap((stamp) => behind(stamp, isPassed, entries));
      return versions
        .filter((to) => to !== from && to.names.some((name) => targets.includes(name)))
        .map((to) => ({ from: from.name, to: to.name, late: twin.stamp !== from.name }));
    }),
  );
  const pairs = (some: typeof edges) => closure(some.map(({ from, to }): Pair => [from, to]));
  const all = pairs(edges);
  const prompt = edges.filter(({ from, to, late }) => !(late && all(to, from)));
  const honest = pairs(prompt);
  const after = pairs(prompt.filter(({ from, to }) => !honest(to, from)));
  const kind = key.split("|")[1];
  const textTogether = (some: readonly Body[]): string | undefined => {
    const { isComplete } = pastsHere();
    if (!some.every(({ said, twins }) => said.update !== undefined && twins.some(isComplete))) return undefined;
    if (new Set(some.map(({ said }) => said.content)).size === 1) return textOf(some[0]?.said.value ?? null);
    if (world.text !== undefined) return world.text(piecesBehind(some, versions, entries, isComplete));
    return `merge(${some.map(({ name }) => name).sort()})`;
  };
  const pastsHere = (): Pasts => pastsIn(entries, final, stampsThat("pending", world, key));
  const judge: Judged["judge"] = (some) => {
    const deletes = final ? some.filter(({ said }) => said.kind === "deleted") : [];
    const field = [...(deletes.length > 0 ? deletes : some)].sort((a, b) => (a.name < b.name === (kind === "alias") ? -1 : 1));
    const winner = (field.find(({ name }) => !distrusted(world, name)) ?? field[0]) as Body;
    const reason = winner === field[0] ? "stamp" : "distrusted";
    if (deletes.length > 0) return { winner, rule: "delete-final", reason };
    if (kind === "alias") return { winner, rule: "first", reason };
    const text = kind === "body" && winner.said.policy === "merge" ? textTogether(some) : undefined;
    if (text === undefined) return { winner, rule: "lww", reason };
    return { winner: field[0] as Body, rule: "merge", reason: "stamp", value: withText(winner.said.value, text) };
  };
  return { versions, isAncestor: (a, b) => after(b.name, a.name), judge, final };
}

const maximaOf = ({ isAncestor }: Judged, some: readonly Body[]): readonly Body[] =>
  some.filter((a) => !some.some((b) => isAncestor(a, b)));

/** Who had a right is judged by who won, and who may win by who had a right: each time in a smaller world. */
const standingOf = rightsWhere((key, world) => {
  const judged = judgedIn(world, key);
  const heads = maximaOf(judged, judged.versions);
  return heads.length === 0 ? undefined : judged.judge(heads).winner;
});

/** What a merged text is made of: these versions and, again and again, what each was made onto, else replaced (D7). */
function piecesBehind(
  some: readonly Body[],
  versions: readonly Body[],
  entries: readonly Entry[],
  isComplete: (twin: Entry) => boolean,
): readonly TextPiece[] {
  const isHidden = ({ stamp }: Entry): boolean => !versions.some(({ names }) => names.includes(stamp));
  const made = closure(
    versions.flatMap((from) =>
      from.twins
        .flatMap(({ onto, replaces }) => (onto ?? replaces).flatMap((stamp) => behind(stamp, isHidden, entries)))
        .flatMap((stamp) => versions.flatMap((to): Pair[] => (to.names.includes(stamp) ? [[from.name, to.name]] : []))),
    ),
  );
  const union = versions
    .filter((one) => some.some((head) => head === one || made(head.name, one.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return union.map((version) => {
    const { author, command, value, update } = version.said;
    const whole = update === undefined;
    const after = union.flatMap((other, place) => (whole && other !== version && made(version.name, other.name) ? [place] : []));
    const inOrder = [...version.twins.filter(isComplete), ...version.twins.filter((twin) => !isComplete(twin))];
    return { author, command, text: textOf(value), whole, after, updates: [...new Set(inOrder.flatMap((twin) => twin.update ?? []))] };
  });
}

const stampsThat = (standing: string, world: World, key: RegisterKey): string[] =>
  entriesOf(world, key)
    .flatMap((entry) => (standingOf(entry, key, world) === standing ? [entry.stamp] : []))
    .sort();

/** Everything that is shown of one register. */
export function shownOf(world: World, key: RegisterKey): Shown {
  const entries = entriesOf(world, key);
  const hidden = { pending: stampsThat("pending", world, key), void: stampsThat("void", world, key) };
  const judged = judgedIn(world, key);
  const { versions, isAncestor, judge } = judged;
  const maxima = (some: readonly Body[]) => maximaOf(judged, some);
  const heads = maxima(versions);
  if (heads.length === 0) return { value: null, winner: null, heads: [], records: [], incomplete: [], ...hidden };
  const { winner, rule, value: merged } = judge(heads);
  const names = heads.map(({ name }) => name).sort();
  const pasts = pastsIn(entries, judged.final, hidden.pending);
  const incomplete = versions.filter(({ twins }) => !twins.some(pasts.isComplete)).map(({ name }) => name);
  const value = merged ?? (rule === "delete-final" ? null : winner.said.value);
  const records = groupsOf(versions, pasts).flatMap((group) => {
    const logged = !["reaction", "read"].includes(key.split("|")[1] ?? "");
    return logged && group.differs ? [recordOf(group.members, seenOf(world, key))] : [];
  });
  return { value, winner: winner.name, heads: names, records: records.sort(byFirst), incomplete: incomplete.sort(), ...hidden };

  function recordOf(members: readonly Body[], seen: readonly Seen[]): Omit<ConflictRecord, "id"> {
    const tops = maxima(members);
    const verdict = judge(tops);
    const losers = verdict.rule === "merge" ? [] : tops.filter(({ said }) => said.content !== verdict.winner.said.content);
    const below = versions.filter((version) => members.every((member) => isAncestor(version, member)));
    const restored = versions.filter(({ twins }) =>
      twins.some(({ kind, of }) => kind === "restored" && members.some((member) => member.twins.some(({ stamp }) => stamp === of))),
    );
    const isSeen = (loser: Body): boolean =>
      seen.some(({ author, of }) => author === loser.said.author && loser.twins.some(({ stamp }) => of.includes(stamp)));
    const state = restored.length > 0 ? "restored" : losers.every(isSeen) ? "seen" : "open";
    return {
      base: least(maxima(below).map(({ key: one }) => one)) || "-",
      versions: members.map(({ name }) => name).sort(),
      winner: verdict.winner.name,
      losers: losers.map(({ name }) => name).sort(),
      rule: verdict.rule,
      reason: verdict.reason,
      state,
      ...(restored.length > 0 ? { restoredBy: least(restored.map(({ name }) => name)) } : {}),
    };
  }
}
const byFirst = (a: { readonly versions: readonly string[] }, b: { readonly versions: readonly string[] }): number =>
  (a.versions[0] ?? "") < (b.versions[0] ?? "") ? -1 : 1;

interface Pasts {
  readonly knew: (twin: Entry, version: Body) => boolean;
  readonly isComplete: (twin: Entry) => boolean;
}
/** What each event knew as accepted; what an edit names of a final delete is what the delete replaced (D1, D4). */
function pastsIn(entries: readonly Entry[], final: boolean, pending: readonly string[]): Pasts {
  const raw = closure(entries.flatMap(({ stamp, replaces }) => replaces.map((to): Pair => [stamp, to])));
  const known = closure(
    entries.flatMap((from) => {
      const isPassed = (to: Entry): boolean => final && to.kind === "deleted" && from.kind !== "deleted";
      return from.replaces.flatMap((stamp) => behind(stamp, isPassed, entries)).map((to): Pair => [from.stamp, to]);
    }),
  );
  const named = new Set(entries.flatMap(({ replaces }) => replaces));
  const lacking = [...named].filter((stamp) => pending.includes(stamp) || !entries.some((entry) => entry.stamp === stamp));
  return {
    knew: (twin, { names }) => names.some((name) => known(twin.stamp, name)),
    isComplete: ({ stamp }) => !lacking.some((one) => raw(stamp, one)),
  };
}

/** Connected components of `parted`, and whether a parted pair in them differs (D2). */
function groupsOf(versions: readonly Body[], { knew, isComplete }: Pasts) {
  const parted = (a: Body, b: Body): boolean =>
    a !== b && a.twins.some((s) => b.twins.some((t) => isComplete(s) && isComplete(t) && knew(s, b) === knew(t, a)));
  const pairs = versions.flatMap((a) => versions.filter((b) => parted(a, b)).map((b): Pair => [a.name, b.name]));
  const joined = closure(pairs);
  const of = (name: string): Body => versions.find((version) => version.name === name) as Body;
  const firsts = versions.filter((a) => joined(a.name, a.name) && !versions.some((b) => b.name < a.name && joined(a.name, b.name)));
  return firsts.map((first) => ({
    members: versions.filter(({ name }) => joined(first.name, name)),
    differs: pairs.some(([a, b]) => joined(first.name, a) && of(a).said.content !== of(b).said.content),
  }));
}
