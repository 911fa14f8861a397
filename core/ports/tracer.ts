/** What became of one message: for people who miss it, and those they ask. */
import type { Actor } from "../command.ts";
import type { Identity } from "../ids.ts";
import type { Time } from "../objects.ts";
import type { Position } from "../position.ts";

/** Whether a region has applied the event that made a message. */
export interface Holder {
  readonly region: string;
  /** `applied`: users of that region can be shown it. `unknown`: nothing has been heard of that region yet. */
  readonly state: "applied" | "not-yet" | "unknown";
  /** When the region said so. */
  readonly asOf: Time | null;
}
export interface Traced {
  /** Shown ids. */
  readonly message: string;
  readonly channel: string;
  /** Of the channel. */
  readonly identity: Identity;
  readonly author: string;
  /** When and where it was accepted: where its event stands in that region's log. */
  readonly at: Time;
  readonly position: Position;
  /** This region first. */
  readonly holders: readonly Holder[];
}
export interface Tracer {
  /**
   * Refusal not-found for who is no member of the channel; and for a message that is not here, with a hint that says how far its region is
   * complete here.
   */
  trace(actor: Actor, channel: string, message: string): Traced;
}
