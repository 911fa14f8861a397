/** What GeoDNS knows of a region: where it is, as configured, and how it does, as seen. */
export interface GeoRegion {
  readonly name: string;
  readonly url: string;
  readonly latitude?: number;
  readonly longitude?: number;
  /** Against the weights of regions that are as near to a client: the share of such clients that is sent here. 1 when absent. */
  readonly weight?: number;
  /** Of its doors, IPv4 and IPv6; without any the host of its URL is taken. */
  readonly addresses?: readonly string[];
  /** Taken out by whoever keeps the list: offered to nobody while another region is. */
  readonly drained?: boolean;
}

/**
 * up: answers ready. unready: answers that it is not. draining, clock: says so itself. drained: an operator said so. down: answers nobody.
 * cut-off: for longer than most partitions last, cut off from its peers or reached by few.
 */
export type RegionState = "up" | "draining" | "drained" | "clock" | "unready" | "down" | "cut-off";
export interface RegionHealth {
  readonly state: RegionState;
  /** For people: what was seen, without the state's name. */
  readonly why: string;
  /** False while what was last seen speaks against the state: it may change with the next looks. */
  readonly settled: boolean;
  /** Of its own clients, the share that is sent to it: grows from 0.1 to 1 when it returns. */
  readonly share: number;
  /** Of its own clients, the share that is sent elsewhere because it is nearly full. */
  readonly shed: number;
}
/** By region name. Who is absent was not yet looked at and counts as up. */
export type HealthView = ReadonlyMap<string, RegionHealth>;
