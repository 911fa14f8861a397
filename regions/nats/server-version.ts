/** What a nats-server of some version can do. */

/** The version that Atoll installs: autonomy, catch-up, durable acks and permissions were all proved on it. */
export const DEFAULT_VERSION = "2.14.9";

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}

/** From "nats-server: v2.14.9" or "2.9.10". */
export function parseVersion(text: string): ServerVersion | undefined {
  const found = /(\d+)\.(\d+)\.(\d+)(?:-[\w.]+)?/.exec(text);
  return found ? { major: Number(found[1]), minor: Number(found[2]), text: found[0] } : undefined;
}

const atLeast = ({ major, minor }: ServerVersion, wantedMajor: number, wantedMinor: number): boolean =>
  major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);

/** 2.10 and later keep what they acknowledge through a power failure when told `sync_interval: always`; older ones refuse to start with it. */
export const canSyncAlways = (version: ServerVersion): boolean => atLeast(version, 2, 10);
/** The oldest that is known to work at all. */
export const isUsable = (version: ServerVersion): boolean => atLeast(version, 2, 9);
