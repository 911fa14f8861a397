/** What can be read of this region's state: memory over the store, always the region's newest. Every call checks what the actor may see; refusals as in the contract. */
import type { ChainHead } from "../audit-chain.ts";
import type { Actor } from "../command.ts";
import type { Placed } from "../event.ts";
import type { AuditEntry, Channel, Conflict, ConflictState, Gap, ListedChannel, Member, Message, Version, WireEvent } from "../objects.ts";
import type { Vector } from "../position.ts";

/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Goes back as the cursor for the next page; null at the end. */
  readonly next: string | null;
}
/** Which part: at most `limit` items, from where the cursor says. */
export interface PageAsk {
  readonly limit: number;
  readonly cursor?: string;
}
/** Absent: any. Channels and messages by their ids. */
export interface ConflictFilter {
  readonly channels?: readonly string[];
  readonly authors?: readonly string[];
  readonly messages?: readonly string[];
  readonly states?: readonly ConflictState[];
  /** RFC 3339: only conflicts with a version at or after it. */
  readonly since?: string;
}
/** Events that somebody has not been given yet. */
export interface Missed {
  readonly items: readonly WireEvent[];
  /** Where the next read goes on; everything up to it in these channels has been given. */
  readonly cursor: Vector;
  readonly complete: boolean;
  readonly gaps: readonly Gap[];
}

/** `channel` and `message` are ids as people write them, where nothing else is said. */
export interface Reader {
  /** The identity behind a channel's id or alias, when the actor is a member (or auditor where `auditor`); else Refusal not-found. */
  memberChannel(actor: Actor, channel: string): string;
  channel(actor: Actor, channel: string): Channel;
  channels(actor: Actor, page: PageAsk): Page<ListedChannel>;
  members(actor: Actor, channel: string, page: PageAsk): Page<Member>;
  message(actor: Actor, channel: string, message: string): Message;
  /** Newest first by birth. `before`/`after`: message ids or RFC 3339 times. */
  messages(
    actor: Actor,
    channel: string,
    ask: { readonly limit: number; readonly before?: string; readonly after?: string; readonly thread?: string },
  ): Page<Message>;
  versions(actor: Actor, channel: string, message: string, page: PageAsk): Page<Version>;
  conflicts(actor: Actor, filter: ConflictFilter, page: PageAsk): Page<Conflict>;
  conflict(actor: Actor, id: string): Conflict;
  /** Conflicts in which the user is a loser who has not seen it (any channel they may see). One whose groups joined may come twice. */
  lostBy(user: string, page: PageAsk): Page<Conflict>;
  /** Those that no crash takes back. */
  auditEntries(actor: Actor, page: PageAsk): Page<AuditEntry>;
  /** Resolves when the entries made so far are among them, or the disk refuses: who has seen an effect finds its entry. */
  audited(): Promise<void>;
  /** Where the chain of every region stands, as far as this one knows (A1). */
  auditHeads(actor: Actor): { readonly [region: string]: ChainHead };

  /** Identities of the channels the user is a member of now. */
  channelsOf(user: string): readonly string[];
  isMember(user: string, channel: string): boolean;
  usersOf(channel: string): readonly string[];
  /** The shown id of a channel's identity. */
  shownChannel(identity: string): string;

  /** What has been applied in this region so far. */
  applied(): Vector;
  /**
   * Events after `from` up to `to` of these channels (identities), and of the user's own stream, per origin in order; at most `limit`.
   * Costs O(missed): range reads per channel and origin, never a scan of the log (H2).
   */
  missed(
    user: string,
    ask: {
      readonly channels: readonly string[];
      readonly own: boolean;
      readonly from: Vector;
      readonly to: Vector;
      readonly limit: number;
    },
  ): Missed;
  /** Records of every register that these events touched: catch-up tells them after the events (H9). Texts of deleted messages are withheld. */
  conflictsTouched(events: readonly WireEvent[]): readonly Conflict[];
  wire(placed: Placed): WireEvent;
}
