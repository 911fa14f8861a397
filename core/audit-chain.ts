/**
 * The hash chain of a region's audit log (law A1): every entry is hashed together with the hash of the one before, so whoever changes, removes or
 * moves one must make all that follow anew; and peers have written down what those were.
 */
import { canonical } from "./canonical.ts";
import { sha256 } from "./hash.ts";

/** The last entry of a log, by which all before it are known. */
export interface ChainHead {
  readonly seq: number;
  /** 64 hex digits. */
  readonly hash: string;
}
/** Before the first entry. */
export const CHAIN_START: ChainHead = { seq: 0, hash: "0".repeat(64) };

type Fields = Readonly<Record<string, unknown>>;
/** Local (when it was seen here, A2), looked up (the fact itself, whose hash is inside; ids as people see them), and the chain. */
const OUTSIDE: ReadonlySet<string> = new Set(["at", "fact", "register", "hash", "prev"]);

/** The hash of an entry as auditors are given it. */
export function entryHash(prev: string, entry: Fields): string {
  return chainHash(prev, Object.fromEntries(Object.entries(entry).filter(([name]) => !OUTSIDE.has(name))));
}

/** The hash of what stands inside the chain. */
export const chainHash = (prev: string, inside: Fields): string => chainHashOfText(prev, canonical(inside));
/** The same of what is written canonically already. */
export const chainHashOfText = (prev: string, inside: string): string => sha256(`${prev}\n${inside}`);
