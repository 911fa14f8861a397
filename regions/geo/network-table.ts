/**
 * Places from a table that the operator writes, one network a line: `network,country[-subdivision],latitude,longitude[,ASN]`, of which any but
 * the first may be empty; `#` begins a comment. Every line ends, the last one too: a table that was cut off is known by it. For networks that no database knows, or for want of any.
 */
import { signedFractionIn } from "../../core/decimal.ts";
import { readNetwork } from "../../geodns/address.ts";
import type { Locate, Place } from "../../geodns/client.ts";
import { PrefixTree } from "../../geodns/prefix-tree.ts";
import { countrySpot } from "./country-spots.ts";

type Entry = Omit<Place, "bits">;
const ASN_MOST = 0xffff_ffff;

/** Undefined where the text is no number of degrees between `-most` and `most`. */
function degreesIn(text: string, most: number): number | undefined {
  const degrees = signedFractionIn(text);
  return degrees === undefined || Math.abs(degrees) > most ? undefined : degrees;
}

function readEntry([where = "", north = "", east = "", asn = ""]: readonly string[]): Entry | undefined {
  const [, country, subdivision] = /^([A-Za-z]{2})(?:-([A-Za-z0-9]{1,3}))?$/.exec(where) ?? [];
  if (where !== "" && country === undefined) return undefined;
  const [latitude, longitude] = [degreesIn(north, 90), degreesIn(east, 180)];
  const isPlaced = north !== "" || east !== "";
  if (isPlaced && (latitude === undefined || longitude === undefined)) return undefined;
  const number = /^(?:AS)?(\d{1,10})$/i.exec(asn)?.[1];
  if (asn !== "" && !(Number(number) <= ASN_MOST)) return undefined;
  const spot = latitude !== undefined && longitude !== undefined ? { latitude, longitude } : country && countrySpot(country.toUpperCase());
  return {
    ...(country === undefined ? {} : { country: country.toUpperCase() }),
    ...(subdivision === undefined ? {} : { subdivision: subdivision.toUpperCase() }),
    ...(number === undefined ? {} : { asn: Number(number) }),
    ...spot,
  };
}

/** Throws an error that names the first line that cannot be read. */
export function readNetworkTable(text: string): Locate {
  const tree = new PrefixTree<Entry>();
  let networks = 0;
  const lines = text.split("\n");
  for (const [i, line] of lines.entries()) {
    const [given = "", ...fields] = line
      .replace(/#.*$/, "")
      .trim()
      .split(",")
      .map((field) => field.trim());
    if (given === "" && fields.length === 0) continue;
    const network = readNetwork(given);
    const entry = fields.length <= 4 ? readEntry(fields) : undefined;
    if (network === undefined || entry === undefined)
      throw new Error(`line ${i + 1} is not network,country[-subdivision],latitude,longitude[,ASN]: ${line.slice(0, 80)}`);
    if (i === lines.length - 1) throw new Error(`line ${i + 1} has no end: it may be cut off; end it with a newline: ${line.slice(0, 80)}`);
    tree.put(network, entry);
    networks += 1;
  }
  if (networks === 0) throw new Error("it names no network");
  return (address) => {
    const { value, bits } = tree.find(address);
    return { bits, ...value };
  };
}
