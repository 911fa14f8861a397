/** A connection as those see it who find it and give it something: the routing table, fan-out, catch-up and the asking away. */
import type { Conflict } from "../core/objects.ts";
import type { FrameQueue, Line } from "./line.ts";
import type { ServerFrame } from "./protocol/frames-out.ts";
import type { Standing } from "./standing.ts";

export interface Recipient {
  readonly id: string;
  readonly user: string;
  readonly line: Line;
  readonly outbox: FrameQueue;
  /** What it follows, and how far it has been given each. */
  readonly standing: Standing;
  isOpen(): boolean;
  send(frame: ServerFrame): void;
  /** Events were given outside fan-out: they count as deliveries like all others. */
  delivered(events: number): void;
  /** The user lost in this conflict; told once a connection for each set of losers. */
  superseded(conflict: Conflict): void;
  /** By the channel's identity. */
  unfollow(channel: string): void;
  /** Its place among a channel's followers was lost: it takes it again, and is given what has passed it by. */
  refollow(channel: string): void;
  /** Ends when the token has; looked at now and then, for all connections together. */
  checkToken(): void;
}
