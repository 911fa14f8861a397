/** Where a routing table is built from, brought up to date from, and checked against. */
import type { RouteMark } from "../route-snapshot.ts";

/** A membership in force, by the channel's identity. */
export interface Membership {
  readonly user: string;
  readonly channel: string;
}
/** A region's memberships, numbered by its changes. */
export interface RouteSource {
  /** Memberships in force in order of users, after the place named; `next` names the place of the page that follows, null at the end. */
  memberships(after: string, limit: number): { readonly items: readonly Membership[]; readonly next: string | null };
  channelsOf(user: string): readonly string[];
  isMember(user: string, channel: string): boolean;
  /** The mark of a change that has been committed here. */
  markOf(change: number): RouteMark;
  /** Where this region's changes stand. What `memberships` gives from now on covers them. */
  mark(): RouteMark;
  /**
   * Memberships that may have changed after the mark, whatever they are now; undefined where the mark is none of this store's, or lies so far
   * back that building anew is quicker.
   */
  since(mark: RouteMark): readonly Membership[] | undefined;
  /** Whether `since` would tell. */
  reaches(mark: RouteMark): boolean;
  /** Where memberships can be read too; absent: nowhere. */
  readonly copy?: MembershipCopy | undefined;
}

/** Memberships as a store beside the region holds them. It follows the region, and never decides. */
export interface MembershipCopy {
  /** Up to which change of this region it surely holds everything; undefined where it holds nothing of this region. Rejects when it does not answer. */
  change(): Promise<number | undefined>;
  /** Memberships in force there, as of that change or later ones, in pages. Rejects when a page does not come. */
  memberships(): AsyncIterable<readonly Membership[]>;
}

/** Where a table is kept between two lives of a gateway. What is lost or broken is built anew. */
export interface RouteSnapshots {
  load(): Promise<Uint8Array | undefined>;
  save(bytes: Uint8Array): Promise<void>;
}
