/**
 * Ids as people read and write them (law T3, hard parts H5). An id that Atoll gives names an identity, the same in every region, and a region whose
 * stamp made it. What an identity follows from is in `identity.ts`, which hashes by Node; browsers read this file too.
 */
import type { Stamp } from "./stamp.ts";
import { stampRegion } from "./stamp.ts";

/** The 26 letters that identify a message, channel or webhook in every region; what registers are keyed by. */
export type Identity = string;
/** What has an identity. */
export type Identified = "message" | "channel" | "webhook";

/** What "msg_us_<identity>" says. */
export interface ShownId {
  readonly kind: Identified;
  /** The region of the smallest stamp that made it, or "unknown" (`unbornId`). */
  readonly tag: string;
  readonly identity: Identity;
}

const PREFIX = { message: "msg", channel: "chn", webhook: "whk" } as const;
const KIND: Readonly<Record<string, Identified>> = { msg: "message", chn: "channel", whk: "webhook" };
const SHOWN = /^(msg|chn|whk)_([A-Za-z0-9_-]{1,64})_([0-9a-z]{26})$/;

/** "msg_us_<identity>": shown to people; the tag is the region of the smallest stamp that made it (D12 of the register). */
export const shownId = (kind: Identified, identity: Identity, born: Stamp): string => `${PREFIX[kind]}_${stampRegion(born)}_${identity}`;

/** The same while what made it is not here yet: any tag finds it, and this one says that its region is not known. */
export const unbornId = (kind: Identified, identity: Identity): string => `${PREFIX[kind]}_unknown_${identity}`;

/** Undefined when the text is no shown id. */
export function readShownId(text: string): ShownId | undefined {
  const [, prefix = "", tag = "", identity = ""] = SHOWN.exec(text) ?? [];
  const kind = KIND[prefix];
  return kind === undefined ? undefined : { kind, tag, identity };
}

/** The identity inside a shown id of any tag, or undefined when the text is no such id. */
export function identityIn(kind: Identified, id: string): Identity | undefined {
  const shown = readShownId(id);
  return shown?.kind === kind ? shown.identity : undefined;
}

/** Ids that people choose (users, channel aliases, regions): safe in keys, paths and subjects (hard parts H1). */
export const PLAIN_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Whether people may choose this text as an id. */
export const isPlainId = (text: string): boolean => PLAIN_ID.test(text);
