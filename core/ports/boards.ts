/** What a region shows about the mesh: sync state, presence, ranked regions. */
import type { Presence, RankedRegion, Sync, Watermark } from "../objects.ts";

/** How this region stands to its peers, and how far each channel is complete (P2, P3). */
export interface SyncBoard {
  sync(): Sync;
  watermark(channel: string): Watermark;
  /** How far this region's clock is from the median of all clocks it sees, ms; positive = ahead (T2). */
  clockSkewMs(): number;
  /** Calls back on every change of a state, and each second while not live. */
  onSync(listener: (sync: Sync) => void): () => void;
  /** True while this region is to be offered to users (clock sane, not draining). */
  offered(): { readonly ok: boolean; readonly why: string };
}

/** Who is connected, over all regions (P4). */
export interface PresenceBoard {
  /** A connection of this region says who it is and how; again on each change. */
  announce(connection: string, user: string, status: "online" | "away"): void;
  leave(connection: string): void;
  /** Who of these users is anything but offline. */
  who(users: readonly string[]): readonly Presence[];
  /** Users whose shown presence changed, at most one call a tick. */
  onChange(listener: (changed: readonly Presence[]) => void): () => void;
}

/** Where clients should go. */
export interface RegionRanking {
  /** Regions in the order a client at `ip` should try them, with reasons. Refusal invalid when ip is none. */
  rank(ip?: string): { readonly items: readonly RankedRegion[]; readonly scope: number; readonly ttl: number };
  /** Resolves when nothing seen here speaks against what is said of a region; or, where vantage points go on to differ, after some looks. */
  settled?(): Promise<void>;
}

/** A register that regions hold otherwise; null: not at all. */
export interface VerifyDifference {
  readonly channel: string;
  readonly register: string;
  readonly values: { readonly [region: string]: unknown };
}
/** What a comparison found, at the vector `asOf` (per origin a point). A region that could not be compared has no digest, and `why`. */
export interface VerifyReport {
  readonly equal: boolean;
  readonly asOf: { readonly [origin: string]: string };
  readonly digest: string | null;
  readonly regions: { readonly [region: string]: { readonly digest: string | null; readonly events: number; readonly why?: string } };
  readonly differences: readonly VerifyDifference[];
}
/** Proves that the regions are equal. */
export interface Verifier {
  /** Compares every region's state, live, at one common vector (H7). */
  verify(options: { readonly channel?: string }): Promise<VerifyReport>;
}
