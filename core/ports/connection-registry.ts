/**
 * Who is connected to a region, over all its gateways, as other processes may read it: the source for presence, sessions and routes (register D10).
 * Each gateway writes what concerns its own connections and nothing else, and all of it ends with the gateway: when it is heard no more, its
 * entries are gone within `REGISTRY.lifeMs`.
 *
 * Writing never waits and never fails: what could not be written is announced again, whole, within a beat of the registry's return.
 */
export interface Session {
  readonly connection: string;
  readonly user: string;
  readonly status: "online" | "away";
  /** Since when the connection has this status; ms since 1970. */
  readonly sinceMs: number;
  /** Identities of the channels it follows; read when it is written, so it may go on changing. */
  readonly channels: Iterable<string>;
}
/** One page of what one gateway holds. */
export interface GatewaySessions {
  /** This life of a gateway's process. */
  readonly gateway: string;
  readonly sessions: readonly Session[];
}
/** How one of a user's connections is; since ms since 1970. */
export interface Seen {
  readonly status: "online" | "away";
  readonly sinceMs: number;
}

/** The pace at which gateways say that they live, and after which they are given up. */
export const REGISTRY = {
  /** How often a gateway says that it lives, and looks whether the registry still holds what it was told. */
  beatMs: 1_000,
  /** A gateway not heard for this long is gone: ten beats. */
  lifeMs: 10_000,
} as const;

/** One gateway's side of it: it writes its own connections and reads everybody's. */
export interface ConnectionRegistry {
  /** A connection is there, or something of it has changed. */
  put(session: Session): void;
  remove(connection: string): void;
  /** Every session of every gateway, in pages; a gateway may be named several times. Rejects when the registry is out of reach. */
  read(): AsyncIterable<GatewaySessions>;
  /** Which of these users are connected to this region, and how; who is absent is not. Rejects when the registry is out of reach. */
  who(users: readonly string[]): Promise<ReadonlyMap<string, Seen>>;
  /** Resolves when everything put and removed so far can be read; rejects when the registry is out of reach. */
  written(): Promise<void>;
  /** Takes this gateway's entries away, as far as the registry can be reached. */
  close(): Promise<void>;
}

/** How a user is shown who is seen several times: online before away, and since the first of those. */
export function shownOf(seen: Iterable<Seen>): Seen | undefined {
  let shown: Seen | undefined;
  for (const { status, sinceMs } of seen)
    if (shown === undefined || (status === shown.status ? sinceMs < shown.sinceMs : status === "online")) shown = { status, sinceMs };
  return shown;
}
