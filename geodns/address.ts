/** Addresses as bytes: 4 of IPv4 or 16 of IPv6, for trees, hashes and scopes. */
import ipaddr from "ipaddr.js";

export type Address = Uint8Array;

/** A network: `address` with all bits beyond the first `bits` zero. */
export interface Network {
  readonly address: Address;
  readonly bits: number;
}

const IPV4_BYTES = 4;

/** Undefined when the text is no address; "1" and "0x7f.1" are none here. IPv4 in IPv6 is the IPv4 that it is. */
export function readAddress(text: string): string | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && (text.includes("%") || !ipaddr.IPv6.isValid(text))) return undefined;
  return ipaddr.process(text).toString();
}

export function addressBytes(text: string): Address | undefined {
  const read = readAddress(text);
  return read === undefined ? undefined : Uint8Array.from(ipaddr.parse(read).toByteArray());
}

export const addressText = (address: Address): string => ipaddr.fromByteArray([...address]).toString();

/** "198.51.100.0/24"; bits beyond the prefix must be zero, or somebody meant another network. */
export function readNetwork(text: string): Network | undefined {
  const [given = "", prefix, ...more] = text.split("/");
  const address = addressBytes(given);
  if (address === undefined || more.length > 0) return undefined;
  const all = address.length * 8;
  if (prefix === undefined) return { address, bits: all };
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (!(bits <= all)) return undefined;
  return masked(address, bits).every((byte, i) => byte === address[i]) ? { address, bits } : undefined;
}

export const networkText = ({ address, bits }: Network): string => `${addressText(address)}/${bits}`;

export function masked(address: Address, bits: number): Address {
  const kept = address.slice();
  const whole = bits >> 3;
  if (whole >= kept.length) return kept;
  kept[whole] = kept[whole]! & (0xff00 >> (bits & 7));
  kept.fill(0, whole + 1);
  return kept;
}

/** Clients of one block are treated alike: a /24, or a /48 of IPv6. */
export const blockBits = (address: Address): number => (address.length === IPV4_BYTES ? 24 : 48);

/** A number in [0, 1) that is always the same for a client's block and a word, and unlike for others (FNV-1a, then murmur's last mix). */
export function unitOf(address: Address | undefined, word: string): number {
  let hash = 0x811c9dc5;
  if (address !== undefined)
    for (let i = 0, bytes = blockBits(address) >> 3; i < bytes; i += 1) hash = Math.imul(hash ^ address[i]!, 0x01000193);
  for (let i = 0; i < word.length; i += 1) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}
