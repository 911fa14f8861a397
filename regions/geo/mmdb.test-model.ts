/** Writes small MMDB files (format 2.0, 24-bit records, an IPv6 tree with IPv4 at its beginning, or IPv4 alone), so that no database need be shipped. */
import { readNetwork } from "../../geodns/address.ts";

type Value = string | number | readonly Value[] | { readonly [key: string]: Value };

function sized(type: number, size: number): Buffer {
  const extended = type > 7;
  const head = (extended ? 0 : type) << 5;
  const kind = extended ? [type - 7] : [];
  if (size < 29) return Buffer.from([head | size, ...kind]);
  if (size < 285) return Buffer.from([head | 29, ...kind, size - 29]);
  return Buffer.from([head | 30, ...kind, (size - 285) >> 8, (size - 285) & 255]);
}
function encode(value: Value): Buffer {
  if (typeof value === "string") return Buffer.concat([sized(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "number" && !Number.isInteger(value)) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return Buffer.concat([sized(3, 8), bytes]);
  }
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([sized(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([sized(11, value.length), ...(value as readonly Value[]).map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([sized(7, entries.length), ...entries.flatMap(([key, one]) => [encode(key), encode(one as Value)])]);
}

export function mmdbOf(records: Readonly<Record<string, Value>>, ipVersion: 4 | 6 = 6): Buffer {
  const nodes: (number | undefined)[][] = [[undefined, undefined]];
  const leaves = new Map<string, number>();
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const [text, record] of Object.entries(records)) {
    const { address, bits } = readNetwork(text)!;
    const shift = ipVersion === 6 && address.length === 4 ? 96 : 0;
    const bitAt = (i: number): number => (i < shift ? 0 : (address[(i - shift) >> 3]! >> (7 - ((i - shift) & 7))) & 1);
    let node = 0;
    for (let i = 0; i < shift + bits - 1; i += 1) {
      const next = nodes[node]![bitAt(i)];
      if (next !== undefined) node = next;
      else {
        nodes[node]![bitAt(i)] = nodes.length;
        node = nodes.length;
        nodes.push([undefined, undefined]);
      }
    }
    leaves.set(`${node} ${bitAt(shift + bits - 1)}`, dataBytes);
    const encoded = encode(record);
    data.push(encoded);
    dataBytes += encoded.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [i, sides] of nodes.entries())
    for (const side of [0, 1]) {
      const leaf = leaves.get(`${i} ${side}`);
      tree.writeUIntBE(leaf !== undefined ? nodes.length + 16 + leaf : (sides[side] ?? nodes.length), i * 6 + side * 3, 3);
    }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: "Test",
    description: {},
    ip_version: ipVersion,
    languages: [],
    node_count: nodes.length,
    record_size: 24,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from("\xab\xcd\xefMaxMind.com", "latin1"), metadata]);
}
