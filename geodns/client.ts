/** Who is to be sent somewhere, as far as it is known. */
import type { Address } from "./address.ts";

/** Where an address is, by the operator's database. Fields that it does not know are absent. */
export interface Place {
  /** How many bits of the address lead to this: all addresses that share them are in the same place. */
  readonly bits: number;
  /** ISO 3166-1 alpha-2, in capitals. */
  readonly country?: string;
  /** ISO 3166-2 without the country: "CA" of US-CA. */
  readonly subdivision?: string;
  readonly asn?: number;
  readonly latitude?: number;
  readonly longitude?: number;
}
export interface Client {
  /** All bits, or the network that a resolver gave with the rest zero. Absent: nothing is known. */
  readonly address?: Address;
  /** Absent without a database. */
  readonly place?: Place;
}
/** Looks an address up. Undefined: there is no database. */
export type Locate = (address: Address) => Place | undefined;

export const clientAt = (address: Address | undefined, locate: Locate): Client => {
  if (address === undefined) return {};
  const place = locate(address);
  return place === undefined ? { address } : { address, place };
};
