/** What fan-out hears: every event once, in the order this region applied it, before and independent of the store's commit (M6). */

import type { Placed } from "../event.ts";
import type { Conflict, WireEvent } from "../objects.ts";
import type { Vector } from "../position.ts";

/** One event, and all that has changed by it. */
export interface Told {
  readonly placed: Placed;
  /** As the region knows it now: made when it is first asked for, by a listener that has somebody to give it to. */
  readonly wire: WireEvent;
  /** Identity of the channel whose members hear it, or null. */
  readonly channel: string | null;
  /** Users who hear it on all their connections, subscribed or not: whose membership it makes or unmakes. */
  readonly users: readonly string[];
  /** Only `users` hear it (read markers, own profile). */
  readonly privately: boolean;
  /** A twin this region found second: state moved, nobody is told the event again (H5). Its cursor still advances. */
  readonly silent: boolean;
  /** What the region had applied after this event: the cursor that goes with it. */
  readonly after: Vector;
  /** Records that this event made or changed (new version, new verdict, new state). */
  readonly conflicts: readonly ToldConflict[];
  /** Memberships that stand otherwise now, by a late witness or right, and no event of theirs says so. */
  readonly turned: readonly { readonly channel: string; readonly user: string }[];
}
/** A conflict as it stands now, in the channel of that identity; `losers`: who lost by this and is told. */
export interface ToldConflict {
  readonly conflict: Conflict;
  readonly channel: string;
  readonly losers: readonly string[];
  /** Whose membership it is about; they hear of it on all their connections. */
  readonly about?: string;
}
/** A region, as those who tell people listen to it. */
export interface Feed {
  /** Returns the function that ends it. Listeners must not throw. */
  listen(listener: (told: Told) => void): () => void;
}
