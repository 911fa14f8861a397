/** Places from an MMDB file, in MaxMind's own schema (GeoLite2, GeoIP2, DB-IP, IPinfo's like it) or the flat one (`country_code`, `latitude`). */
import { Reader, type Response } from "maxmind";
import { z } from "zod";
import { signedFractionIn } from "../../core/decimal.ts";
import { type Address, addressText } from "../../geodns/address.ts";
import type { Locate, Place } from "../../geodns/client.ts";
import { countrySpot } from "./country-spots.ts";

const code = z.string().min(1).max(3);
/** Some write numbers as text: decimal digits, as everywhere. */
const number = z.preprocess((value) => (typeof value === "string" ? signedFractionIn(value) : value), z.number());
/** Of a record, what is of use; a field that is not what it should be counts as absent. */
const Known = z.object({
  country: z.object({ iso_code: code }).optional().catch(undefined),
  registered_country: z.object({ iso_code: code }).optional().catch(undefined),
  subdivisions: z
    .array(z.object({ iso_code: code }))
    .optional()
    .catch(undefined),
  location: z.object({ latitude: number, longitude: number }).optional().catch(undefined),
  country_code: code.optional().catch(undefined),
  latitude: number.optional().catch(undefined),
  longitude: number.optional().catch(undefined),
  autonomous_system_number: number.optional().catch(undefined),
  asn: z
    .union([number, z.string().regex(/^AS\d{1,10}$/)])
    .optional()
    .catch(undefined),
});

function placeOf(record: unknown, bits: number): Place {
  const read = Known.safeParse(record);
  if (!read.success) return { bits };
  const known = read.data;
  const country = (known.country?.iso_code ?? known.country_code ?? known.registered_country?.iso_code)?.toUpperCase();
  const subdivision = known.subdivisions?.[0]?.iso_code.toUpperCase();
  const { latitude, longitude } = known.location ?? known;
  const spot =
    latitude !== undefined && longitude !== undefined ? { latitude, longitude } : country === undefined ? undefined : countrySpot(country);
  const asn = known.autonomous_system_number ?? (typeof known.asn === "string" ? Number(known.asn.slice(2)) : known.asn);
  return {
    bits,
    ...(country === undefined ? {} : { country }),
    ...(subdivision === undefined ? {} : { subdivision }),
    ...(asn === undefined ? {} : { asn }),
    ...spot,
  };
}

/** Blocks that were asked for are remembered; a block of clients asks again and again. */
const REMEMBERED = 50_000;
const PROBES = ["1.1.1.1", "8.8.8.8", "203.0.113.1", "255.255.255.255"];

/** Throws when the bytes are no database, or not all of one. */
export function readMmdb(bytes: Buffer): Locate {
  const reader = new Reader<Response>(bytes);
  const { searchTreeSize, ipVersion, nodeCount } = reader.metadata;
  if (nodeCount === 0 || searchTreeSize + 16 > bytes.length) throw new Error("its search tree is not whole");
  const look = (text: string): readonly [unknown, number] => reader.getWithPrefixLength(text);
  for (const probe of PROBES) look(probe);
  const places = new Map<number, Place>();
  return (address: Address): Place => {
    if (address.length === 16) return ipVersion === 4 ? { bits: 0 } : placeAt(look, address);
    const block = (address[0]! << 16) | (address[1]! << 8) | address[2]!;
    const known = places.get(block);
    if (known !== undefined) return known;
    const place = placeAt(look, address);
    if (place.bits > 24) return place;
    if (places.size >= REMEMBERED) places.clear();
    places.set(block, place);
    return place;
  };
}

/** A record that cannot be read is a place that is not known: of no other client of that very address. */
function placeAt(look: (text: string) => readonly [unknown, number], address: Address): Place {
  try {
    const [record, bits] = look(address.length === 4 ? address.join(".") : addressText(address));
    return placeOf(record, bits);
  } catch {
    return { bits: address.length * 8 };
  }
}
