/** Records -> bytes, with names compressed against the question and against each other (RFC 1035 §4.1.4): answers stay small. */
import { type Address, addressText } from "../address.ts";
import { CLASS_IN, HEADER_BYTES, TYPE } from "./constants.ts";

/** Names here are dotted, in small letters, without a final dot. */
export type Data =
  | { readonly type: "A" | "AAAA"; readonly address: Address }
  | { readonly type: "CNAME" | "NS"; readonly target: string }
  /** A service at `target` ("" = at the owner itself) on a port (RFC 9460); the least priority is tried first. */
  | { readonly type: "HTTPS" | "SVCB"; readonly priority: number; readonly target: string; readonly port: number }
  | { readonly type: "SOA"; readonly primary: string; readonly mailbox: string; readonly serial: number; readonly negativeTtl: number };
export interface DnsRecord {
  readonly owner: string;
  /** Seconds. */
  readonly ttl: number;
  readonly data: Data;
}
/** The sections behind the question, whose pointers fit a question of this very name. */
export interface Sections {
  readonly bytes: Buffer;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  /** Length without the additional records, which may be left out. */
  readonly needed: number;
}

/** A record's data as a zone file has them. */
export function dataText(data: Data): string {
  switch (data.type) {
    case "A":
    case "AAAA":
      return addressText(data.address);
    case "CNAME":
    case "NS":
      return `${data.target}.`;
    case "HTTPS":
    case "SVCB":
      return `${data.priority} ${data.target}. port=${data.port}`;
    case "SOA":
      return [`${data.primary}.`, `${data.mailbox}.`, data.serial, ...Object.values(SOA_TIMES), data.negativeTtl].join(" ");
  }
}

const SOA_TIMES = { refresh: 3_600, retry: 600, expire: 86_400 };
const POINTERS_BELOW = 0x4000;
const PORT_KEY = 3;

const labelsOf = (name: string): readonly string[] => (name === "" ? [] : name.split("."));
/** "gw.atoll.test" -> the bytes of a message, as latin1 text: what a query's name is compared with. */
export const wireName = (name: string): string =>
  `${labelsOf(name.toLowerCase())
    .map((label) => String.fromCharCode(label.length) + label)
    .join("")}\0`;

class Writer {
  readonly #parts: number[] = [];
  readonly #offset: number;
  /** Name -> where it stands in the message. */
  readonly #known = new Map<string, number>();

  constructor(question: string) {
    let at = HEADER_BYTES;
    const labels = labelsOf(question);
    for (const [i, label] of labels.entries()) {
      this.#known.set(labels.slice(i).join("."), at);
      at += 1 + label.length;
    }
    this.#offset = at + 1 + 4;
  }
  get length(): number {
    return this.#parts.length;
  }
  get bytes(): Buffer {
    return Buffer.from(this.#parts);
  }
  u8(value: number): void {
    this.#parts.push(value & 0xff);
  }
  u16(value: number): void {
    this.#parts.push((value >> 8) & 0xff, value & 0xff);
  }
  u32(value: number): void {
    this.u16(value >>> 16);
    this.u16(value & 0xffff);
  }
  all(bytes: Uint8Array): void {
    this.#parts.push(...bytes);
  }
  name(name: string, compressed = true): void {
    const labels = labelsOf(name);
    for (const [i, label] of labels.entries()) {
      const rest = labels.slice(i).join(".");
      const known = this.#known.get(rest);
      if (compressed && known !== undefined) {
        this.u16(0xc000 | known);
        return;
      }
      const at = this.#offset + this.length;
      if (at < POINTERS_BELOW && known === undefined) this.#known.set(rest, at);
      this.u8(label.length);
      this.all(Buffer.from(label, "latin1"));
    }
    this.u8(0);
  }
  record({ owner, ttl, data }: DnsRecord): void {
    this.name(owner);
    this.u16(TYPE[data.type]);
    this.u16(CLASS_IN);
    this.u32(ttl);
    const lengthAt = this.length;
    this.u16(0);
    this.#data(data);
    const length = this.length - lengthAt - 2;
    this.#parts[lengthAt] = length >> 8;
    this.#parts[lengthAt + 1] = length & 0xff;
  }
  #data(data: Data): void {
    switch (data.type) {
      case "A":
      case "AAAA":
        this.all(data.address);
        break;
      case "CNAME":
      case "NS":
        this.name(data.target);
        break;
      case "HTTPS":
      case "SVCB":
        this.u16(data.priority);
        this.name(data.target, false);
        this.u16(PORT_KEY);
        this.u16(2);
        this.u16(data.port);
        break;
      case "SOA":
        this.name(data.primary);
        this.name(data.mailbox);
        for (const value of [data.serial, SOA_TIMES.refresh, SOA_TIMES.retry, SOA_TIMES.expire, data.negativeTtl]) this.u32(value);
    }
  }
}

export function encodeSections(
  question: string,
  answers: readonly DnsRecord[],
  authorities: readonly DnsRecord[],
  additionals: readonly DnsRecord[],
): Sections {
  const writer = new Writer(question);
  for (const record of [...answers, ...authorities]) writer.record(record);
  const needed = writer.length;
  for (const record of additionals) writer.record(record);
  return { bytes: writer.bytes, answers: answers.length, authorities: authorities.length, additionals: additionals.length, needed };
}
