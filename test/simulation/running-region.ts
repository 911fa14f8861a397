/** Opens a region on a simulated machine: the production assembly, handed virtual time and simulated I/O. */
import type { EventLog } from "../../core/ports/event-log.ts";
import type { PeerLink } from "../../core/ports/peer-link.ts";
import type { StateStore } from "../../core/ports/state-store.ts";
import type { WebhookCarrier } from "../../core/ports/webhooks.ts";
import { openRegion } from "../../reconciliation/region.ts";
import type { Region } from "../../reconciliation/region-ports.ts";
import type { Life } from "./life.ts";
import type { Random } from "./random.ts";

export type RunningRegion = Region;

/** Of all regions of all simulations. */
export const SECRET = "one secret for all simulations";

export interface RegionParts {
  readonly region: string;
  readonly regions: readonly string[];
  readonly life: Life;
  readonly link: PeerLink;
  readonly store: StateStore;
  readonly log: EventLog;
  readonly earlier?: readonly EventLog[];
  readonly previous?: { readonly epoch: number; readonly sequence: number };
  readonly boot: string;
  readonly random: Random;
  /** Absent: nothing is brought to webhooks. */
  readonly webhooks?: WebhookCarrier;
}

/** Two or three changes, so that a handful makes checkpoints. */
const CHECKPOINT_BYTES = 400;

export const runRegion = ({ life, random, ...parts }: RegionParts): Promise<RunningRegion> =>
  openRegion({
    ...parts,
    checkpointBytes: CHECKPOINT_BYTES,
    timers: life,
    physical: life,
    random: () => random.next(),
    secret: SECRET,
  });
