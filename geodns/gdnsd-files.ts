/**
 * The policy as files that gdnsd reads: `nets` says which networks go to which regions in which order, `extfile` whether each region's addresses
 * are up (direct mode) and for how long that holds. gdnsd goes on with the last of them when we die. The networks are found by asking the policy itself: the scope of
 * each answer says how far it reaches, and the next question begins behind it.
 *
 * Shares cannot be by block here, or there would be a line for every /24: while a region comes back, and where regions stand side by side and
 * share their clients by weight, networks are split down to a /12 (a /20 of IPv6) and each goes one way as a whole, by the same hash.
 */
import { type Address, networkText } from "./address.ts";
import { clientAt, type Locate } from "./client.ts";
import { kilometres } from "./distance.ts";
import { spotOf } from "./filters/nearest.ts";
import { EQUALLY_NEAR_KM } from "./filters/weighted.ts";
import { decide } from "./policy.ts";
import type { GeoRegion } from "./region.ts";
import type { World } from "./steering.ts";

export interface GdnsdFiles {
  /** Undefined when it was not asked for. */
  readonly nets: string | undefined;
  readonly extfile: string;
}
interface Net {
  readonly start: bigint;
  readonly bits: number;
  readonly order: string;
}

const NETS_MOST = 1_000_000;
const FAMILIES = [
  { bytes: 4, begin: 0n, end: 1n << 32n, splitBits: 12 },
  // All that is in use of IPv6.
  { bytes: 16, begin: 1n << 125n, end: 1n << 126n, splitBits: 20 },
] as const;
type Family = (typeof FAMILIES)[number];

function addressAt(value: bigint, bytes: number): Address {
  const address = new Uint8Array(bytes);
  for (let i = bytes - 1, rest = value; i >= 0; i -= 1, rest >>= 8n) address[i] = Number(rest & 255n);
  return address;
}

/** Everybody up and whole: health is the other file's, and shares are put in below. */
const atRest = (world: World): World => ({
  ...world,
  unshared: true,
  health: new Map(world.regions.map(({ name }) => [name, { state: "up", why: "", settled: true, share: 1, shed: 0 }])),
});

function netsOf(world: World, locate: Locate, { bytes, begin, end, splitBits }: Family): readonly Net[] {
  const rest = atRest(world);
  const isRamping = world.regions.some(({ name }) => {
    const health = world.health.get(name);
    return health?.state === "up" && (health.share < 1 || health.shed > 0);
  });
  const isSharing = isRamping || areNeighbours(world.regions);
  const asShared = isRamping ? world : { ...rest, unshared: false };
  const least = bytes === 4 ? 0 : 3;
  const nets: Net[] = [];
  for (let at = begin; at < end; ) {
    const client = clientAt(addressAt(at, bytes), locate);
    const bits = Math.max(least, decide(rest, client).scope, isSharing ? splitBits : 0);
    const { candidates } = decide(isSharing ? asShared : rest, client).steering;
    // 6to4 and Teredo: gdnsd takes them for the IPv4 that is in them.
    const start = (at >> BigInt(bytes * 8 - bits)) << BigInt(bytes * 8 - bits);
    if (bytes === 4 || !isIpv4Inside(start, bits))
      merge(nets, { start, bits, order: candidates.map(({ region }) => region.name).join(", ") }, bytes * 8);
    if (nets.length > NETS_MOST) throw new Error(`more than ${NETS_MOST} networks: give gdnsd a database with fewer`);
    at = start + (1n << BigInt(bytes * 8 - bits));
  }
  return nets;
}

/** Two regions stand side by side: there are clients for whom they are equally near wherever these are. */
const areNeighbours = (regions: readonly GeoRegion[]): boolean =>
  regions.some((one, i) =>
    regions.slice(i + 1).some((other) => {
      const [a, b] = [spotOf(one), spotOf(other)];
      return a !== undefined && b !== undefined && kilometres(a, b) <= EQUALLY_NEAR_KM;
    }),
  );

const IPV4_INSIDE = [
  { start: 0x2002n << 112n, bits: 16 },
  { start: 0x2001_0000n << 96n, bits: 32 },
];
const isIpv4Inside = (start: bigint, bits: number): boolean =>
  IPV4_INSIDE.some((one) => bits >= one.bits && start >> BigInt(128 - one.bits) === one.start >> BigInt(128 - one.bits));

/** Neighbours that go the same way are one network. */
function merge(nets: Net[], net: Net, all: number): void {
  let last = net;
  for (let before = nets.at(-1); before !== undefined; before = nets.at(-1)) {
    const isPair =
      before.bits === last.bits && before.order === last.order && last.bits > 0 && (before.start >> BigInt(all - last.bits)) % 2n === 0n;
    if (!isPair || before.start + (1n << BigInt(all - last.bits)) !== last.start) break;
    nets.pop();
    last = { ...before, bits: before.bits - 1 };
  }
  nets.push(last);
}

/** `ttl`: seconds that a state holds. */
export function gdnsdFiles(
  world: World,
  locate: Locate,
  { ttl, withNets }: { readonly ttl: number; readonly withNets: boolean },
): GdnsdFiles {
  const up = new Map<string, boolean>();
  for (const { name, drained, url, addresses = [new URL(url).hostname] } of world.regions) {
    const isUp = (world.health.get(name)?.state ?? "up") === "up" && drained !== true;
    for (const address of addresses) up.set(address, isUp || up.get(address) === true);
  }
  const states = [...up].map(([address, isUp]) => `${address} => ${isUp ? "UP" : "DOWN"}/${ttl}`);
  return { nets: withNets ? netsText(world, locate) : undefined, extfile: `${states.join("\n")}\n` };
}

const netsText = (world: World, locate: Locate): string =>
  FAMILIES.flatMap((family) =>
    netsOf(world, locate, family).map(
      ({ start, bits, order }) => `${networkText({ address: addressAt(start, family.bytes), bits })} => [ ${order} ]\n`,
    ),
  ).join("");
