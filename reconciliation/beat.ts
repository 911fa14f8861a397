/**
 * The beat: what each region tells its peers four times a second (P2, H6, H8, H11). It enters no log and no digest; it may be late, repeated or
 * lost. It says how far the sender's log reaches and what of it is closed, what the sender has applied, how its clock stands, and when it last
 * heard each peer, because a beat that is heard does not prove the way out.
 */
import type { ChainHead } from "../core/audit-chain.ts";
import { isPlainId } from "../core/ids.ts";
import type { VectorText } from "../core/position.ts";
import { vector } from "./event-shape.ts";
import type { Check } from "./shape.ts";
import { fields, finite, mapOf, optional, pattern, text, whole, yesOrNo } from "./shape.ts";

/** The sender's last word about one peer. */
export interface Heard {
  /** Boot and number of the peer's beat that was heard last. */
  readonly boot: string;
  readonly n: number;
  /** That beat's own `monoMs`: comes back to the peer, who measures the round trip with it. */
  readonly monoMs: number;
  /** How long before this beat it was heard. */
  readonly agoMs: number;
  /** For how long nothing fresh has been heard, by when beats were sent, less the sender's own stalls: what accuses (H11). */
  readonly silentMs: number;
}

export interface Beat {
  readonly v: 1;
  readonly region: string;
  /** Names one life of the sender's process. */
  readonly boot: string;
  /** The sender's wall clock when that life began: stamps at or after it were made by the clock as it stands now (T2). */
  readonly bootMs: number;
  readonly n: number;
  readonly wallMs: number;
  readonly monoMs: number;
  /** Epoch and last durable sequence of the sender's own log. */
  readonly epoch: number;
  readonly head: number;
  readonly applied: VectorText;
  /** Nothing of the sender's with a stamp at or below `tMs` comes after `head` (H6). */
  readonly closed: { readonly tMs: number; readonly head: number };
  readonly heard: { readonly [peer: string]: Heard };
  readonly presence: { readonly boot: string; readonly version: number };
  /** Digest of the state that was last proved equal. */
  readonly root?: string;
  /** The last entry of the sender's audit log that no crash takes back (A1). */
  readonly audit?: ChainHead;
  /** False: the sender knows that its clock is wrong and is not to be offered. */
  readonly clockOk: boolean;
  /** False: a link of the sender's is cut off, or what it brings is still being taken in. Absent: a sender that does not say. */
  readonly up?: boolean;
}

const name: Check = (value) => (typeof value === "string" && isPlainId(value) ? undefined : "is no plain id");
const duration: Check = (value) => finite(value) ?? ((value as number) < 0 ? "is negative" : undefined);

/** As far as stamps reach. */
const time = whole(0xffff_ffff_ffff);

const check = fields<Beat>(
  {
    v: whole(1),
    region: name,
    boot: text(1, 64),
    bootMs: time,
    n: whole(),
    wallMs: time,
    monoMs: finite,
    epoch: whole(999_999_999),
    head: whole(),
    applied: vector,
    closed: fields<Beat["closed"]>({ tMs: time, head: whole() }, "ignored"),
    heard: mapOf(
      name,
      fields<Heard>({ boot: text(1, 64), n: whole(), monoMs: finite, agoMs: duration, silentMs: duration }, "ignored"),
      64,
    ),
    presence: fields<Beat["presence"]>({ boot: text(0, 64), version: whole() }, "ignored"),
    root: optional(pattern(/^[0-9a-f]{64}$/, "digest")),
    audit: optional(fields<ChainHead>({ seq: whole(), hash: pattern(/^[0-9a-f]{64}$/, "hash") })),
    clockOk: yesOrNo,
    up: optional(yesOrNo),
  },
  "ignored",
);

/** A beat is small: anything longer is none. */
const BEAT_CHARACTERS = 32_768;

/** The beat that came over the link to `peer`, or undefined when it is none or speaks for somebody else (A4). */
export function readBeat(peer: string, raw: string): Beat | undefined {
  if (raw.length > BEAT_CHARACTERS) return undefined;
  try {
    const value: unknown = JSON.parse(raw);
    return check(value) === undefined && (value as Beat).v === 1 && (value as Beat).region === peer ? (value as Beat) : undefined;
  } catch {
    return undefined;
  }
}

export const beatText = (beat: Beat): string => JSON.stringify(beat);
