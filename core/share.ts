/** Work of a region that several processes do, each for its share of the channels. Who has which follows from the channel's identity alone. */

import { sha256 } from "./hash.ts";
import type { Identity } from "./ids.ts";

/** The nth of so many parts of the channels. */
export interface Share {
  /** From 1. */
  readonly nth: number;
  readonly of: number;
}
/** One process does it all. */
export const WHOLE: Share = { nth: 1, of: 1 };

/** Eight digits are spread evenly enough for any number of processes. */
const DIGITS = 8;

/** Each channel is of exactly one of so many shares. */
export const isOfShare = ({ nth, of }: Share, channel: Identity): boolean =>
  of === 1 || Number.parseInt(sha256(channel).slice(0, DIGITS), 16) % of === nth - 1;

/** What a share is known by where its work is noted: shares of another number are others, and begin anew. */
export const shareName = (region: string, { nth, of }: Share): string => (of === 1 ? region : `${region}.${nth}of${of}`);
/** The others of the same number. */
export const sharesBeside = ({ nth, of }: Share): readonly Share[] =>
  Array.from({ length: of }, (_, i) => ({ nth: i + 1, of })).filter((one) => one.nth !== nth);
