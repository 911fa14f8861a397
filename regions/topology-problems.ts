/** What is right region by region but not together: names, indexes, peers and ports of one list. Each problem says what mends it. */
import type { TopologyRegion } from "./topology-shape.ts";

const twice = <T>(items: readonly T[]): readonly T[] => [...new Set(items.filter((item, i) => items.indexOf(item) !== i))];

function names(regions: readonly TopologyRegion[]): readonly string[] {
  const exact = regions.map(({ name }) => name);
  // DNS does not tell large letters from small ones: two such regions would answer to one name.
  return twice(exact.map((name) => name.toLowerCase())).map(
    (name) =>
      `region ${name} is in the list twice (regions[${exact.flatMap((one, i) => (one.toLowerCase() === name ? [i] : [])).join("] and regions[")}]): give one another name, or take one out`,
  );
}

/** The number that fixes a region's ports: its own, or its place in the list. */
const indexOf = ({ index }: TopologyRegion, place: number): number => index ?? place;

function indexes(regions: readonly TopologyRegion[]): readonly string[] {
  const all = regions.map(indexOf);
  return twice(all).map((index) => {
    const same = regions.filter((_, i) => all[i] === index).map(({ name }) => name);
    const free = Array.from({ length: 64 }, (_, i) => i).find((i) => !all.includes(i));
    return `regions ${same.join(" and ")} have the same index ${index}: write "index": ${free} for ${same.at(-1)}`;
  });
}

function peers(regions: readonly TopologyRegion[]): readonly string[] {
  const known = new Set(regions.map(({ name }) => name));
  return regions.flatMap(({ name, peers: named = {} }) =>
    Object.keys(named).flatMap((peer) => {
      if (peer === name) return [`region ${name} names itself as its peer: take "${peer}" out of its peers`];
      if (known.has(peer)) return [];
      return [
        `region ${name} names a peer ${peer} that is not in the list (${[...known].join(", ")}): correct it, or add the region ${peer}`,
      ];
    }),
  );
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "ws:": "80", "https:": "443", "wss:": "443" };

/** Where a region listens: host:port and what for. HTTP and WebSocket are one door. */
function doors({ url, ws, link = [] }: TopologyRegion): readonly (readonly [address: string, what: "users" | "links"])[] {
  const address = (text: string): string => {
    const { hostname, port, protocol } = new URL(text);
    return `${hostname}:${port || (DEFAULT_PORTS[protocol] ?? "")}`;
  };
  const users = [...new Set([address(url), address(ws)])].map((one) => [one, "users"] as const);
  return [...users, ...link.map((one) => [one.replace(/^\w+:\/\//, ""), "links"] as const)];
}

function ports(regions: readonly TopologyRegion[]): readonly string[] {
  const taken = new Map<string, string>();
  const problems: string[] = [];
  for (const region of regions) {
    if (region.retired) continue;
    for (const [address, what] of doors(region)) {
      const mine = `region ${region.name} (${what})`;
      const theirs = taken.get(address);
      if (theirs === undefined) taken.set(address, mine);
      else problems.push(`${theirs} and ${mine} both listen on ${address}: give region ${region.name} another port or address`);
    }
  }
  return problems;
}

export function topologyProblems(regions: readonly TopologyRegion[]): readonly string[] {
  const none = regions.every(({ retired }) => retired) ? ['every region is retired: take "retired" away from one, or add a region'] : [];
  return [...names(regions), ...indexes(regions), ...peers(regions), ...ports(regions), ...none];
}
