/** What the first process of a name server and those that answer say to each other. Both are of one build, so nothing is checked. */
import type { Decided } from "../../geodns/decision-counts.ts";
import type { DnsTally } from "../../geodns/dns-counts.ts";
import type { WorldParts } from "../../geodns/world-parts.ts";
import type { NameServer } from "../../geodns/zone-records.ts";

/** The zone, as every process serves it. */
export interface Serve {
  readonly host: string;
  readonly port: number;
  readonly zone: string;
  readonly customers?: readonly string[];
  readonly nameServers?: readonly NameServer[];
  /** What cookies are made with. */
  readonly secret: string;
  /** The operator's database of places; each process reads it. */
  readonly places?: string;
  /** TCP connections of one process. */
  readonly connectionsMost: number;
}
export interface News {
  /** Nothing of it, when nothing changed: that is said too, so that who hears nothing knows that it knows nothing. */
  readonly parts: WorldParts;
  /** Of the rate limit of each network, what is this process's. */
  readonly share: number;
}
export type Told = ({ readonly kind: "serve"; readonly serve: Serve } & News) | ({ readonly kind: "news" } & News);

export type Said =
  /** It listens to what it is told. */
  | { readonly kind: "here" }
  /** What it was told last is in force. */
  | { readonly kind: "took" }
  /** `inBatches`: it takes datagrams many at once. */
  | { readonly kind: "answers"; readonly inBatches: boolean }
  /** Its database of places cannot be read; it tries again. */
  | { readonly kind: "waits"; readonly why: string }
  /** It cannot listen, and ends. */
  | { readonly kind: "refused"; readonly code: string | undefined; readonly why: string }
  /** Since it said so last. */
  | { readonly kind: "counts"; readonly dns: DnsTally; readonly decisions: readonly Decided[] };

/** Who answers is told at least this often, and after ten times as long without a word answers nobody. */
export const TOLD_EVERY_MS = 1_000;
export const KEPT_MS = 10 * TOLD_EVERY_MS;
