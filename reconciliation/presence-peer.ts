/**
 * What one peer says about its users, and how far it can be believed (P4, H12). The peer's list replaces ours, never merges with it.
 *
 * In doubt = cut off, or back but not yet heard exactly: its users are unknown since the cut, neither gone nor there, so that who stayed does
 * not flicker and who left leaves no ghost. Users of a former boot are unknown for a while: most of them are just connecting again.
 */
import type { Here } from "./presence-own.ts";
import type { Change, Told } from "./presence-words.ts";

export type PeerSays = Here | { readonly status: "unknown"; readonly sinceMs: number };

export class PeerPresence {
  boot: string | undefined;
  version = 0;
  #users = new Map<string, Here>();
  #former = new Map<string, number>();
  #formerUntilMs = 0;
  #doubtSinceMs: number | undefined;
  #cut = false;
  /** Counts the cuts: an answer that was asked for before one proves nothing after it. */
  cuts = 0;

  says(user: string): PeerSays | undefined {
    const here = this.#users.get(user);
    if (here !== undefined) return this.#doubtSinceMs === undefined ? here : { status: "unknown", sinceMs: this.#doubtSinceMs };
    const formerSinceMs = this.#former.get(user);
    return formerSinceMs === undefined ? undefined : { status: "unknown", sinceMs: formerSinceMs };
  }

  get users(): Iterable<string> {
    return new Set([...this.#users.keys(), ...this.#former.keys()]);
  }
  get isCut(): boolean {
    return this.#cut;
  }
  get inDoubt(): boolean {
    return this.#doubtSinceMs !== undefined;
  }
  holds(boot: string, version: number): boolean {
    return this.boot === boot && this.version === version;
  }

  cutOff(nowMs: number): void {
    if (this.#cut) return;
    this.#cut = true;
    this.cuts += 1;
    this.doubt(nowMs);
  }
  doubt(nowMs: number): void {
    this.#doubtSinceMs ??= nowMs;
  }
  /** The link is back; the doubt stays until the list is confirmed. Returns whether there was a cut. */
  reached(): boolean {
    const back = this.#cut;
    this.#cut = false;
    return back;
  }

  /** The peer's news, when it follows what we hold. A hole means: ask for the list. */
  hear({ boot, version, changes }: Told): "taken" | "old" | "hole" {
    if (boot !== this.boot) return "hole";
    if (version <= this.version) return "old";
    if (version !== this.version + 1) return "hole";
    this.version = version;
    for (const change of changes) this.#note(change);
    return "taken";
  }

  #note({ user, status, sinceMs }: Change): void {
    if (status === "offline") this.#users.delete(user);
    else this.#users.set(user, { status, sinceMs });
    this.#former.delete(user);
  }

  /** The whole list, as asked for after the cut number `cuts`. Users of a former boot who are not in it are unknown until `formerUntilMs` (monotonic). */
  replace(
    list: Told,
    options: { readonly cuts: number; readonly nowMs: number; readonly formerUntilMs: number; readonly monotonicMs: number },
  ): void {
    if (this.boot !== undefined && this.boot !== list.boot) this.#retire(options.nowMs, options.formerUntilMs);
    this.#users = new Map();
    this.boot = list.boot;
    this.version = list.version;
    for (const change of list.changes) this.#note(change);
    this.confirm(options.cuts, options.monotonicMs);
  }

  /** What we hold is what the peer holds, as of an answer asked for after the cut number `cuts`. */
  confirm(cuts: number, monotonicMs: number): void {
    if (this.#cut || cuts !== this.cuts) return;
    this.#doubtSinceMs = undefined;
    this.dropFormer(monotonicMs);
  }

  #retire(nowMs: number, untilMs: number): void {
    for (const user of this.#users.keys()) this.#former.set(user, this.#doubtSinceMs ?? nowMs);
    this.#formerUntilMs = untilMs;
  }

  /** A user of a former boot has come back: what that boot knew of them is past. */
  forget(user: string): void {
    this.#former.delete(user);
  }

  /** In doubt they stay: while we cannot hear the peer, its former users may have come back to it. */
  dropFormer(monotonicMs: number): void {
    if (!this.inDoubt && monotonicMs >= this.#formerUntilMs) this.#former.clear();
  }
}
