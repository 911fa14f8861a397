/**
 * A routing table as bytes, so that the next start need not read every membership: a line of JSON that says what they are, the names, the two
 * arrays, and a hash over all. Bytes that are not whole, or of another version, are no table.
 */
import { createHash } from "node:crypto";
import { Names, RouteTable } from "./route-table.ts";

/** Where the region's changes stood when the table was packed: what came after is added to it. */
export interface RouteMark {
  /** Number of the last change that the table knows. */
  readonly change: number;
  /** What that change was, so that another store's numbers are not taken for this one's. */
  readonly is: string;
}

const FORMAT = "atoll routes 1";
const HASH_BYTES = 32;

interface Head {
  readonly format: string;
  readonly mark: RouteMark;
  readonly users: number;
  readonly channels: number;
  readonly members: number;
  readonly nameBytes: number;
}

/** The table and how far it is, as bytes with their own hash: `decodeRoutes` takes no other. */
export function encodeRoutes(table: RouteTable, mark: RouteMark): Uint8Array {
  const { users, channels, offsets, members } = table.packed();
  const names = Buffer.from([...users.all(), ...channels.all()].join("\n"));
  const head: Head = {
    format: FORMAT,
    mark,
    users: users.size,
    channels: channels.size,
    members: members.length,
    nameBytes: names.length,
  };
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), names, bytesOf(offsets), bytesOf(members)]);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

/** Undefined for bytes that are no whole table of this version. */
export function decodeRoutes(given: Uint8Array): { readonly table: RouteTable; readonly mark: RouteMark } | undefined {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const headEnd = bytes.indexOf(0x0a);
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (headEnd < 0 || !createHash("sha256").update(body).digest().equals(bytes.subarray(body.length))) return undefined;
  const head = JSON.parse(bytes.toString("utf8", 0, headEnd)) as Head;
  if (head.format !== FORMAT) return undefined;
  const namesEnd = headEnd + 1 + head.nameBytes;
  const names = head.users + head.channels === 0 ? [] : bytes.toString("utf8", headEnd + 1, namesEnd).split("\n");
  const offsetsEnd = namesEnd + 4 * (head.users + 1);
  return {
    mark: head.mark,
    table: new RouteTable({
      users: new Names(names.slice(0, head.users)),
      channels: new Names(names.slice(head.users)),
      offsets: numbersIn(bytes.subarray(namesEnd, offsetsEnd)),
      members: numbersIn(bytes.subarray(offsetsEnd, offsetsEnd + 4 * head.members)),
    }),
  };
}

const bytesOf = (numbers: Uint32Array): Buffer => Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
/** Copied: numbers begin at a multiple of four, and the file's bytes may not. */
const numbersIn = (bytes: Buffer): Uint32Array => new Uint32Array(Uint8Array.from(bytes).buffer);
