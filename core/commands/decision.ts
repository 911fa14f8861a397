/**
 * How every command is decided: check, decide, events. A decision is pure: it reads registers through a view (whose reads are tracked, so that
 * a command waits for events in flight that it depends on, H4) and says which events should happen, or refuses.
 */
import type { Actor } from "../command.ts";
import type { Deletes, Event, Json, Policy, Role } from "../event.ts";
import type { Vector } from "../position.ts";
import type { ConflictRecord, Register, RegisterKey } from "../register.ts";
import type { Stamp } from "../stamp.ts";
import type { TextMerge } from "../text-merge.ts";

/** What a decision reads: the region as it stands with everything that is durable, and nothing that is not. */
export interface View {
  register(key: RegisterKey): Register | undefined;
  /** The conflict of that id, also by an id that joined groups left behind. */
  conflict(id: string): { readonly register: Register; readonly record: ConflictRecord } | undefined;
  /** Emojis and users of the reactions a message shows now. */
  reactions(channel: string, message: string): { readonly [emoji: string]: readonly string[] };
  /** Who is a member of a channel now. */
  members(channel: string): Iterable<{ readonly user: string; readonly role: Role }>;
  /** Identities of the webhooks that a channel has now. */
  webhooks(channel: string): readonly string[];
  applied(): Vector;
}

/** What a command is decided by: who asks, and what this region knows. */
export interface Deciding {
  readonly view: View;
  readonly actor: Actor;
  /** HMAC of a value under the channel's content key: equal values are equal here (H9). */
  readonly contentOf: (channel: string, value: Json) => string;
  readonly texts: TextMerge;
  /** Why this region sends no webhook to a URL; absent: by the rules of a region that allows nothing more. */
  readonly unfitUrl?: (url: string) => string | undefined;
}

type Stamped = "v" | "rules" | "stamp" | "actor" | "command" | "after" | "said" | "late";
type DraftOf<E> = E extends Event ? Omit<E, Stamped> : never;
/** An event that is still to be stamped by its region. */
export type Draft = DraftOf<Event>;

/** The events of a command, the one that answers first; or an answer where nothing has to happen. */
export type Decision = { readonly events: readonly [Draft, ...Draft[]] } | { readonly answer: { readonly [field: string]: Json } };

/** The versions that whoever writes now has seen: all heads known here. */
export const headsOf = (register: Register | undefined): readonly Stamp[] => register?.resolution.heads ?? [];

/** Of a channel whose maker said nothing else (S3, S4). */
export const DEFAULTS: { readonly policy: Policy; readonly deletes: Deletes } = { policy: "lww", deletes: "final" };
