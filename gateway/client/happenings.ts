/** What a program can listen to: `client.on(name, listener)`. */
import type { Conflict, Gap, Presence, Sync, Time, Watermark, WireEvent } from "../../core/objects.ts";
import type { Asked } from "./asked.ts";
import type { ConnectionState } from "./connection.ts";
import type { AtollError } from "./errors.ts";

export interface Happenings {
  readonly state: ConnectionState;
  /** Every event of the followed channels and of the user's own, once, in each author's order. */
  readonly event: WireEvent;
  /** Everything missed of the channel has been told. */
  readonly "caught-up": { readonly channel: string };
  /** A command of this client has come to another state. */
  readonly command: Asked;
  /** How far the region's data is: `live`, `lagging`, `cut-off`, `healing`, per peer too, and `converged` beside it. */
  readonly sync: Sync;
  /** How far one channel is complete from each region. */
  readonly watermark: Watermark;
  readonly presence: readonly Presence[];
  readonly typing: { readonly channel: string; readonly user: string; readonly until: Time };
  readonly conflict: Conflict;
  /** The user lost in this conflict; told at every connect until `client.seen` or `client.restore`. */
  readonly superseded: Conflict;
  /** What the region cannot give any more between two places of a log. Channel views read themselves again. */
  readonly gap: readonly Gap[];
  /** Something that went wrong without ending the client; what ended it, too. */
  readonly error: AtollError;
}
