/** Who had the right to what, as definitions (D6): an event is judged in the world that its origin saw, a smaller world than the one that looks at it. */
import type { Entry, RegisterKey } from "../../core/register.ts";
import { entriesOf, type World } from "./model-world.ts";

type Standing = "ok" | "pending" | "void";
interface Somewhere {
  readonly position: Entry["position"];
  readonly command?: string;
}

/** Of a world, what the origin of `entry` had applied, and what its command had done just before. */
export function seenBy(entry: Entry, world: World): World {
  const { after, position: own, command } = entry;
  const isSeen = (other: Somewhere): boolean => {
    const { origin, epoch, sequence, place } = other.position;
    const [e = -1, s = -1, p = -1] = (after[origin] ?? "-1.-1.-1").split(".").map(Number);
    const covered = e > epoch || (e === epoch && (s > sequence || (s === sequence && p >= place)));
    const message = origin === own.origin && epoch === own.epoch && sequence === own.sequence;
    return covered || (message && place < own.place && other.command === command);
  };
  return {
    writes: world.writes.filter((write) => "seen" in write || isSeen(write.entry)),
    witnesses: world.witnesses.filter(isSeen),
  };
}

/** The version that a register shows in a world; undefined where it has none. */
type WinnerOf = (key: RegisterKey, world: World) => { readonly said: Entry; readonly twins: readonly Entry[] } | undefined;

/** How an event stands, where `winnerOf` says who won in the world that its origin saw. */
export function rightsWhere(winnerOf: WinnerOf) {
  return standingOf;

  function standingOf(entry: Entry, key: RegisterKey, world: World, asked: readonly string[] = []): Standing {
    if (entry.right === undefined) return "ok";
    const [channel = "", kind = "", user = ""] = key.split("|");
    const memberKey = `${channel}|member|${entry.author}`;
    const right = entriesOf(world, memberKey).find(({ stamp }) => stamp === entry.right);
    const question = `${key} ${entry.stamp}`;
    if (right === undefined || asked.includes(question)) return "pending";
    if (standingOf(right, memberKey, world, [...asked, question]) === "pending") return "pending";
    const sight = seenBy(entry, world);
    if (!winnerOf(memberKey, sight)?.twins.includes(right)) return "void";
    const rank = ["member", "moderator", "owner"].indexOf(String(right.value)) + 1;
    if (kind === "reaction" || kind === "read") return rank >= 1 ? "ok" : "void";
    if (kind === "member") return rank >= neededFor(entry, key, user, sight) ? "ok" : "void";
    if (kind !== "body") return rank >= 2 ? "ok" : "void";
    if (entry.kind === "sent") return rank >= 1 ? "ok" : "void";
    if (rank >= 2) return "ok";
    const births = entriesOf(world, key).filter((other) => other.kind === "sent" && other !== entry);
    const restored = entriesOf(world, key).filter(({ stamp }) => stamp === entry.of);
    const own = [...births, ...restored].filter(({ author }) => author === entry.author);
    const stand = own.map((other) => standingOf(other, key, world, [...asked, question]));
    if (stand.includes("ok")) return rank >= 1 ? "ok" : "void";
    const isUnknown = births.length === 0 || (entry.of !== undefined && restored.length === 0);
    return isUnknown || stand.includes("pending") ? "pending" : "void";
  }

  /** 1 member, 2 moderator, 3 owner. */
  function neededFor(entry: Entry, key: RegisterKey, user: string, sight: World): number {
    if (entry.value === null && entry.author === user) return 1;
    const present = winnerOf(key, sight)?.said.value ?? null;
    const isPlain = (present === null || present === "member") && (entry.value === null || entry.value === "member");
    return isPlain ? 2 : 3;
  }
}
