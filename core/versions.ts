/** The versions of one register: events of equal author, command and content are twins of one version (semantics D1, D5). */
import type { Entry } from "./register.ts";
import type { Stamp } from "./stamp.ts";

/** Of one event (D6): it counts; what it was judged by is not here yet; its author had no right. */
export type Standing = "ok" | "pending" | "void";

/** What one command wrote into one register, wherever and however often it was accepted. */
export interface Version {
  /** Its place among all versions of the register. */
  readonly index: number;
  /** Smallest stamp of its twins: its name. */
  readonly stamp: Stamp;
  /** The twin of that stamp: its policy, value and place in time are the version's. */
  readonly first: Entry;
  /** Those that stand, ascending. One that is void or pending adds nothing to the version; but who names it names the version. */
  readonly twins: readonly Entry[];
}

/** All that is known of one register, indexed. */
export interface Versions {
  readonly entries: readonly Entry[];
  /** Stamp -> its place in `entries`. */
  readonly placeOf: ReadonlyMap<Stamp, number>;
  /** Of the entry at each place. */
  readonly standings: readonly Standing[];
  /** Versions with a twin that stands, ascending. */
  readonly all: readonly Version[];
  /** The version that a stamp names, if it stands. */
  readonly versionOf: ReadonlyMap<Stamp, Version>;
  /** One delete of the message is final, so all are (D4). */
  readonly final: boolean;
}

/** Equal (author, command, content) are twins; also what conflict ids hash (D2). */
export const versionKey = ({ author, command, content }: Entry): string => `${author}\n${command}\n${content}`;
/** Whether the version takes the message away. */
export const isDelete = (entry: Entry): boolean => entry.kind === "deleted";
const byStamp = (a: { readonly stamp: Stamp }, b: { readonly stamp: Stamp }): number => (a.stamp < b.stamp ? -1 : 1);

/** Groups the twins. Neither the order of `entries` nor who stands changes which version an event is of. */
export function versionsOf(entries: readonly Entry[], standing: (entry: Entry) => Standing): Versions {
  const placeOf = new Map<Stamp, number>();
  const standings: Standing[] = [];
  const groups = new Map<string, { readonly named: Entry[]; readonly twins: Entry[] }>();
  for (const [place, entry] of entries.entries()) {
    const stands = standing(entry);
    placeOf.set(entry.stamp, place);
    standings.push(stands);
    const key = versionKey(entry);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { named: [], twins: [] }));
    group.named.push(entry);
    if (stands === "ok") group.twins.push(entry);
  }
  const found = [...groups.values()].flatMap(({ named, twins }) => {
    const [first, ...others] = twins.sort(byStamp);
    return first === undefined ? [] : [{ named, first, stamp: first.stamp, twins: [first, ...others] }];
  });
  const versionOf = new Map<Stamp, Version>();
  const all = found.sort(byStamp).map(({ named, ...parts }, index): Version => {
    const version = { index, ...parts };
    for (const { stamp } of named) versionOf.set(stamp, version);
    return version;
  });
  const final = all.some(({ twins }) => twins.some((twin) => isDelete(twin) && twin.deletes === "final"));
  return { entries, placeOf, standings, all, versionOf, final };
}
