/**
 * Whether an event's author had the right, judged again in every region alike (A4, semantics D6). The event names the membership version its
 * origin judged by (`right`) and what the origin had applied (`after`). So every region can look at the memberships as the origin saw them then,
 * and at nothing else: what an honest origin accepted stands everywhere, whatever has become known since; what it could not accept is void.
 */
import type { Witness } from "./distrust.ts";
import { distrustOf } from "./distrust.ts";
import type { Act } from "./permissions.ts";
import { may } from "./permissions.ts";
import type { Entry, Register, RegisterKey, RegisterName } from "./register.ts";
import { readKey, registerKey } from "./register.ts";
import { winnerAmong } from "./resolve.ts";
import type { Sight } from "./sight.ts";
import { EVERYTHING, narrowed, sawAllOf, sees } from "./sight.ts";
import type { Standing, Version } from "./versions.ts";

type Kept = Pick<Register, "key" | "entries">;
/** What rights are judged from: the registers of memberships and channels, and who witnessed whose clock. */
export interface Sources {
  readonly lookup: (key: RegisterKey) => Kept | undefined;
  readonly witnesses: readonly Witness[];
  readonly settled?: Settled;
}

/**
 * How memberships stood for their own origins. Once all that an origin had applied is here, nothing can move that any more, so it need not be
 * judged again for every message: else whoever is made a member a hundred times makes every message of theirs cost as much as all of them.
 */
export interface Settled {
  get(key: RegisterKey, entry: Entry): Standing | undefined;
  /** Is kept where nothing that the entry leans on can still come. */
  keep(key: RegisterKey, entry: Entry, standing: Standing): void;
}

/** The membership an entry is judged by; undefined where no right is judged. */
export function judgedBy(key: RegisterKey, entry: Entry): RegisterKey | undefined {
  return entry.right === undefined ? undefined : registerKey.member(readKey(key).channel, entry.author);
}

/**
 * How each entry of a register stands. pending: the right, or for a plain author's change the birth, is not here (or pending itself). void: the
 * origin could not have judged so. Nothing waits: pending entries are kept and judged again.
 */
export function standings(register: Kept, sources: Sources): (entry: Entry) => Standing {
  let court: Court | undefined;
  return (entry) => {
    const plain = judgePlain(entry, register, sources);
    if (plain !== undefined) return plain;
    court ??= new Court(register, sources);
    return court.judgeFromTheFirst(entry);
  };
}

/** What leans on the right alone: nothing else that stands in the register, or in another, can move it. */
const LEANS_ON_NOTHING: { readonly [K in RegisterName["kind"]]?: Act } = {
  body: "send",
  reaction: "react",
  read: "read",
  document: "write-document",
};

/** Most of what is said: something plain, by a right that was given once, that stands for good and that the origin had seen. Undefined where more is to be asked. */
function judgePlain(entry: Entry, register: Kept, sources: Sources): Standing | undefined {
  const { kind, channel } = readKey(register.key);
  const act = LEANS_ON_NOTHING[kind];
  if (entry.right === undefined || act === undefined || (kind === "body" && entry.kind !== "sent")) return undefined;
  const membership = sources.lookup(registerKey.member(channel, entry.author));
  const right = membership?.entries[0];
  if (membership?.entries.length !== 1 || right?.stamp !== entry.right || !sawAllOf(entry, right)) return undefined;
  if (sources.settled?.get(membership.key, right) !== "ok") return undefined;
  const role = right.value;
  return (role === "owner" || role === "moderator" || role === "member") && may(role, act) ? "ok" : "void";
}

/** Each step is a membership given by somebody whose own was given by another; forged tangles of them end here, pending. */
const DEEPEST = 500;

class Court {
  readonly #judged = new Map<string, Standing>();
  readonly #register: Kept;
  readonly #sources: Sources;
  #depth = 0;
  readonly #asked = new Set<string>();
  /** Something leaned on itself: what follows holds for this question only. */
  #isCircular = false;

  constructor(register: Kept, sources: Sources) {
    this.#register = register;
    this.#sources = sources;
  }

  /** A right may be given by one whose own was given by another, and so on: judged from the first on, no such chain is too deep. */
  judgeFromTheFirst(entry: Entry): Standing {
    const givers: [Entry, Kept][] = [];
    const met = new Set<Entry>();
    for (let at = entry, register = this.#register; !met.has(at); ) {
      met.add(at);
      const membership = this.#lookup(judgedBy(register.key, at));
      const right = membership?.entries.find(({ stamp }) => stamp === at.right);
      if (membership === undefined || right?.right === undefined || this.#sources.settled?.get(membership.key, right) !== undefined) break;
      givers.push([right, membership]);
      [at, register] = [right, membership];
    }
    for (const [giver, membership] of givers.reverse()) this.judge(giver, membership, EVERYTHING);
    return this.judge(entry, this.#register, EVERYTHING);
  }

  judge(entry: Entry, register: Kept, sight: Sight): Standing {
    if (entry.right === undefined) return "ok";
    const within = narrowed(sight, entry);
    // All that the entry leans on lies within the sight: then it stands there as it stood for its own origin.
    const seen = within.length === 1 && sight.length > 0 ? within : sight;
    const name = [register.key, entry.stamp, ...seen.map(({ stamp }) => stamp)].join(" ");
    const before = this.#judged.get(name) ?? (within.length === 1 ? this.#sources.settled?.get(register.key, entry) : undefined);
    if (this.#asked.has(name) || this.#depth >= DEEPEST) this.#isCircular = true;
    if (before !== undefined) return before;
    if (this.#depth >= DEEPEST) return "pending";
    // Whoever is asked again meanwhile leans on itself: rights in a circle, which no honest origin makes, stay pending.
    this.#judged.set(name, "pending");
    this.#asked.add(name);
    this.#depth += 1;
    const judged = this.#judgeAnew(entry, register, seen, within);
    this.#depth -= 1;
    this.#asked.delete(name);
    this.#judged.set(name, judged);
    if (within.length === 1 && !this.#isCircular) this.#sources.settled?.keep(register.key, entry, judged);
    return judged;
  }

  #judgeAnew(entry: Entry, register: Kept, seen: Sight, within: Sight): Standing {
    const membership = this.#lookup(judgedBy(register.key, entry));
    const right = membership?.entries.find(({ stamp }) => stamp === entry.right);
    if (membership === undefined || right === undefined || !sees(seen, right)) return "pending";
    if (this.judge(right, membership, seen) === "pending") return "pending";
    if (!sees(within, right)) return "void";
    const winner = this.#winnerSeen(membership, within);
    if (!winner?.twins.includes(right)) return "void";
    return this.#suffices(entry, register, right, seen, within);
  }

  /** The version of a membership that was shown in that sight. */
  #winnerSeen(membership: Kept, sight: Sight): Version | undefined {
    const entries = membership.entries.filter((entry) => sees(sight, entry));
    const [only] = entries;
    // Most memberships were given once: who wins needs no judge.
    if (only !== undefined && entries.length === 1)
      return this.judge(only, membership, sight) === "ok" ? { index: 0, stamp: only.stamp, first: only, twins: [only] } : undefined;
    const stands = new Map(entries.map((entry) => [entry, this.judge(entry, membership, sight)]));
    const witnesses = this.#sources.witnesses.filter((witness) => sees(sight, witness));
    const standing = (entry: Entry): Standing => (stands.get(entry) === "ok" ? "ok" : "void");
    return winnerAmong(membership.key, entries, { isDistrusted: distrustOf(witnesses), standing });
  }

  /** Whether the role gives enough for what the entry does to its register. */
  #suffices(entry: Entry, register: Kept, right: Entry, seen: Sight, within: Sight): Standing {
    const { kind, ids } = readKey(register.key);
    const { value: role } = right;
    const mayDo = (act: Act): boolean => (role === "owner" || role === "moderator" || role === "member") && may(role, act);
    const judged = (act: Act): Standing => (mayDo(act) ? "ok" : "void");
    if (kind === "reaction") return judged("react");
    if (kind === "read") return judged("read");
    if (kind === "document") return judged("write-document");
    if (kind === "member") return this.#memberChange(entry, register, ids[0] ?? "", within, judged);
    if (kind === "webhook") return judged("set-webhook");
    if (kind !== "body") return judged("change-channel");
    if (entry.kind === "sent") return judged("send");
    if (mayDo(entry.kind === "deleted" ? "delete-any" : "edit-any")) return "ok";
    const own = this.#isOwn(entry, register, seen);
    return own === "ok" ? judged(entry.kind === "deleted" ? "delete-own" : "edit-own") : own;
  }

  /** ok: the author changes a message of theirs, or brings a text of theirs back. */
  #isOwn(entry: Entry, register: Kept, seen: Sight): Standing {
    const births = register.entries.filter(({ kind, stamp }) => kind === "sent" && stamp !== entry.stamp);
    const own = [...births, ...register.entries.filter(({ stamp }) => stamp === entry.of)].filter(({ author }) => author === entry.author);
    const stands = own.map((other) => this.judge(other, register, seen));
    if (stands.includes("ok")) return "ok";
    const isRestoringUnknown = entry.of !== undefined && !register.entries.some(({ stamp }) => stamp === entry.of);
    const unknown = births.length === 0 || isRestoringUnknown || stands.includes("pending");
    return unknown ? "pending" : "void";
  }

  #memberChange(entry: Entry, register: Kept, user: string, within: Sight, judged: (act: Act) => Standing): Standing {
    if (entry.value === null && entry.author === user) return judged("leave");
    const present = this.#winnerSeen(register, within)?.first.value ?? null;
    const isPlain = present === null || present === "member";
    if (entry.value === null) return judged(isPlain ? "remove-member" : "remove-privileged");
    return judged(isPlain && entry.value === "member" ? "set-member" : "set-role");
  }

  /** The register being judged as it is now, with what is just being added. */
  #lookup(key: RegisterKey | undefined): Kept | undefined {
    if (key === undefined) return undefined;
    return key === this.#register.key ? this.#register : this.#sources.lookup(key);
  }
}
