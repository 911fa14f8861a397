/** What operators order about regions, and what a gateway tells other observers of the mesh (name servers, gateways of other regions). */
import type { Actor } from "../command.ts";
import type { Time } from "../objects.ts";

/** An order as it was taken. */
export interface Ordered {
  readonly id: string;
  readonly kind: "drain" | "restore" | "override" | "override-removed";
  /** A region's name, or the match of an override. */
  readonly target: string;
  readonly regions?: readonly string[];
  readonly ratePerSecond?: number;
  readonly by: string;
  readonly region: string;
  readonly at: Time;
}
/** How the open sockets of a drained region are moved. */
export interface Move {
  readonly ratePerSecond: number;
  /** Sockets asked to go since the region was drained, and sockets that are still here. */
  readonly moved: number;
  readonly left: number;
}

/** How far a region is from being safe to stop. */
export interface DrainProgress {
  readonly region: string;
  readonly drained: boolean;
  /** Null: that region's gateway is not heard. */
  readonly connections: number | null;
  readonly move: Move | null;
  /** Up to when all that the region accepted is in every region. */
  readonly replicatedTo: Time | null;
  /** Drained, no socket left, and all that it accepted is elsewhere. */
  readonly safeToStop: boolean;
}

/** Where operators and observers come. */
export interface SteeringDesk {
  /**
   * Takes an operator's order: kept, audited, told to all. The same id again is the same order.
   * Refusal forbidden without the role, not-found for an unknown region, invalid for a match or regions that are none.
   */
  drain(actor: Actor, id: string, target: string, ratePerSecond: number | undefined): Ordered;
  restore(actor: Actor, id: string, target: string): Ordered;
  /** No regions: the override is taken away. */
  override(actor: Actor, id: string, match: string, regions: readonly string[]): Ordered;
  overrides(): readonly Ordered[];
  /** Of any region, as its gateway tells it. Refusal not-found for an unknown one. */
  progress(actor: Actor, target: string): DrainProgress;
  /** What this gateway sees, knows and measured, for other observers; `have`: what the asker has already. Undefined: the key is not the mesh's. */
  tell(key: string, have: { readonly orders?: string; readonly trips?: string }): object | undefined;
  /** Round trips in ms that a client measured to regions, from its address. What cannot be true, or comes too often, is not taken. */
  measured(user: string, ip: string | undefined, roundTrips: Readonly<Record<string, number>>): { readonly taken: number };
  /** While this region is drained and another is up: sockets a second that are to be moved; null = as many as take a minute. */
  moving(): { readonly ratePerSecond: number | null } | undefined;
  /** The gateway says how the move goes. */
  moves(move: Move): void;
}
