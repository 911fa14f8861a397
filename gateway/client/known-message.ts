/** One message as a client knows it: the versions of its body, its reactions, and the conflicts a region has told of. */
import type { Deletes, Json } from "../../core/event.ts";
import type { Conflict, ConflictState, Message, WireEvent } from "../../core/objects.ts";
import { type Stamp, stampIso, stampRegion } from "../../core/stamp.ts";
import { type Judged, judged, NO_WORD, partedIn, type RegionsWord, type Said } from "./fold.ts";

type Told = Pick<Conflict, "id" | "state"> & { readonly versions: readonly Stamp[]; readonly text?: string; readonly isRead: boolean };
interface Birth {
  readonly id: string;
  readonly author: string;
  readonly thread: string | null;
  readonly createdAt: string;
  readonly origin: string;
  /** Orders messages as regions do; of one that was only read its stamp may be unknown within the millisecond. */
  readonly order: string;
  /** `order` is the birth's stamp. */
  readonly isExact: boolean;
}

export class KnownMessage {
  readonly identity: string;
  /** The same from the first sight of it to the last, also of one's own while it has no id. */
  readonly key: string;
  /** Command that sent it; undefined while only read. */
  command: string | undefined;
  birth: Birth | undefined;
  readonly #said = new Map<Stamp, Said>();
  readonly #reactions = new Map<string, Map<Stamp, Said>>();
  readonly #records = new Map<string, Told>();
  readonly #distrusted = new Set<Stamp>();

  constructor(identity: string, key: string) {
    this.identity = identity;
    this.key = key;
  }

  /** An event about it. */
  hear({ kind, stamp, actor, command, channel, data }: WireEvent): void {
    const { replaces = [], body = null, metadata, message, thread = null, emoji } = data as HeardData;
    const said = { stamp, author: actor, command, replaces };
    if (kind.startsWith("reaction.")) {
      const register = `${emoji}\n${actor}`;
      const versions = this.#reactions.get(register) ?? new Map<Stamp, Said>();
      this.#reactions.set(register, versions.set(stamp, { ...said, kind: "set", value: kind === "reaction.set" }));
      return;
    }
    const value = kind === "message.deleted" ? null : metadata === undefined ? { body } : { body, metadata };
    const is = kind === "message.sent" ? "sent" : kind === "message.deleted" ? "deleted" : "restores" in data ? "restored" : "edited";
    this.#said.set(stamp, { ...said, kind: is, value });
    if (is !== "sent" || channel === null) return;
    this.command = command;
    if (this.birth !== undefined && !isBirth(stamp, this.birth)) return;
    this.birth = {
      id: message ?? "",
      author: actor,
      thread,
      createdAt: stampIso(stamp),
      origin: stampRegion(stamp),
      order: stamp,
      isExact: true,
    };
  }

  /** As a region shows it. `order`: its place, where its birth is not known better. Reactions of an answer to a change are not all there are. */
  read(message: Message, order: string, withReactions: boolean): void {
    const { id, author, thread, createdAt, origin, version, heads, conflict, deleted, editedAt, body, metadata } = message;
    this.birth ??= { id, author, thread, createdAt, origin, order, isExact: order === version };
    const value = deleted ? null : metadata === undefined ? { body } : { body, metadata };
    this.#readOnly({ stamp: version, kind: deleted ? "deleted" : editedAt === null ? "sent" : "edited", value, author });
    for (const head of heads) {
      if (head === version) continue;
      this.#readOnly({ stamp: head, kind: "edited", value: null, author: "" });
      this.#distrusted.add(head); // it lost, whatever it says
    }
    if (conflict !== null && !this.#records.has(conflict.id))
      this.#records.set(conflict.id, { ...conflict, versions: heads, isRead: true });
    for (const [emoji, users] of withReactions ? Object.entries(message.reactions) : [])
      for (const user of users) this.#reacted(`${emoji}\n${user}`, true, "");
  }

  /** An own change was accepted, and its event has not been heard yet: it comes after what is shown. */
  changed({ version, deleted, editedAt, body, metadata, author }: Message): void {
    if (this.#said.has(version)) return;
    const value = deleted ? null : metadata === undefined ? { body } : { body, metadata };
    const replaces = this.judged("final")?.heads.filter((head) => head < version) ?? [];
    this.#said.set(version, {
      stamp: version,
      kind: deleted ? "deleted" : editedAt === null ? "sent" : "edited",
      author,
      command: version,
      value,
      replaces,
    });
  }
  reacted(emoji: string, user: string, isSet: boolean): void {
    const register = `${emoji}\n${user}`;
    const latest = [...(this.#reactions.get(register)?.keys() ?? [])].reduce((a, b) => (a > b ? a : b), "");
    this.#reacted(register, isSet, `${latest}+`); // behind all that is known, before all that will come
  }

  /** A record holds all versions that did not know each other: one whose groups have joined since is of no more use. */
  disputed({ id, state, versions, text }: Conflict): void {
    for (const { stamp, distrusted } of versions) if (distrusted === true) this.#distrusted.add(stamp);
    const stamps = versions.map(({ stamp }) => stamp).sort();
    const others = [...this.#records.values()].filter((one) => one.id !== id && !one.isRead);
    if (others.some((one) => stamps.every((stamp) => one.versions.includes(stamp)))) return;
    for (const one of others) if (one.versions.every((stamp) => stamps.includes(stamp))) this.#records.delete(one.id);
    this.#records.set(id, { id, state, versions: stamps, isRead: false, ...(text === undefined ? {} : { text }) });
  }

  /** Two versions did not know of each other and say different things, and no record holds them both: the region has told it to others (D2). */
  get isUnexplained(): boolean {
    const versions = this.#versions();
    if (versions.length < 3) return false; // the send comes before all others
    const told = [...this.#records.values()];
    const areTold = (a: Said, b: Said): boolean =>
      told.some((record) => record.versions.includes(a.stamp) && record.versions.includes(b.stamp));
    return partedIn(versions).some(([a, b]) => JSON.stringify(a.value) !== JSON.stringify(b.value) && !areTold(a, b));
  }

  judged(deletes: Deletes): Judged | undefined {
    const word: RegionsWord = {
      deletes,
      isDistrusted: (stamp) => this.#distrusted.has(stamp),
      textOf: (heads) => this.#textOf(heads),
    };
    return judged(this.#versions(), "body", word);
  }
  /** The winner's record, where what is shown stands in several; edited on, a conflict is history. */
  conflict({ heads, winner }: Judged): { readonly id: string; readonly state: ConflictState } | null {
    const holding = [...this.#records.values()]
      .filter(({ versions }) => heads.some((head) => versions.includes(head)))
      .sort((a, b) => ((a.versions[0] ?? "") < (b.versions[0] ?? "") ? -1 : 1));
    const record = holding.find(({ versions }) => versions.includes(winner.stamp)) ?? holding[0];
    return record === undefined ? null : { id: record.id, state: record.state };
  }
  reactions(): { readonly [emoji: string]: readonly string[] } {
    const shown: { [emoji: string]: string[] } = {};
    for (const [register, versions] of [...this.#reactions].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [emoji = "", user = ""] = register.split("\n");
      if (judged([...versions.values()], "reaction", NO_WORD)?.value === true) (shown[emoji] ??= []).push(user);
    }
    return shown;
  }

  /** A change comes after every send: of one that two regions took, a client may be told the twin that a change does not name. */
  #versions(): readonly Said[] {
    const all = [...this.#said.values()];
    const sends = all.filter(({ kind }) => kind === "sent").map(({ stamp }) => stamp);
    return all.map((said) => (said.kind === "sent" ? said : { ...said, replaces: [...new Set([...said.replaces, ...sends])] }));
  }
  #textOf(heads: readonly Stamp[]): string | undefined {
    return [...this.#records.values()].find(({ versions }) => heads.every((head) => versions.includes(head)))?.text;
  }
  #reacted(register: string, value: boolean, stamp: string): void {
    const versions = this.#reactions.get(register) ?? new Map<Stamp, Said>();
    this.#reactions.set(register, versions);
    if (!versions.has(stamp)) versions.set(stamp, { stamp, kind: "set", author: "", command: stamp, value, replaces: [] });
  }
  /** What was heard says more than what was read. */
  #readOnly(said: Pick<Said, "stamp" | "kind" | "value" | "author">): void {
    if (!this.#said.has(said.stamp)) this.#said.set(said.stamp, { ...said, command: said.stamp, replaces: [] });
  }
}

/** Of twins the smaller stamp is the birth; one that was only read is known to the millisecond. */
const isBirth = (stamp: Stamp, { order, isExact }: Birth): boolean =>
  stamp < order || (!isExact && stamp.slice(0, 12) === order.slice(0, 12));

interface HeardData {
  readonly replaces?: readonly Stamp[];
  readonly body?: string | null;
  readonly metadata?: Json;
  readonly message?: string;
  readonly thread?: string | null;
  readonly emoji?: string;
}
