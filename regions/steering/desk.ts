/** Where a region's gateway takes operators' orders about regions, keeps them, and tells other observers what it knows. */
import type { Actor } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import { isSameSecret } from "../../core/hash.ts";
import type { Move, Ordered, SteeringDesk } from "../../core/ports/steering.ts";
import { addressBytes } from "../../geodns/address.ts";
import type { Locate } from "../../geodns/client.ts";
import { type Order, OVERRIDES_MOST } from "../../geodns/orders.ts";
import { matchText, readMatch } from "../../geodns/overrides.ts";
import type { GeoRegion } from "../../geodns/region.ts";
import type { Told } from "../../geodns/standing.ts";
import type { TripBook } from "../../geodns/trip-book.ts";
import type { Observer } from "./observer.ts";
import type { ToldDocument } from "./told.ts";

export interface DeskOptions {
  readonly region: string;
  readonly regions: () => readonly GeoRegion[];
  readonly observer: Observer;
  readonly book: TripBook;
  readonly locate: Locate;
  readonly key: string;
  /** This life of the process: versions of another one mean nothing. */
  readonly boot: string;
  readonly nowMs: () => number;
  /** Orders that are new here, this gateway's own among them: to be kept and audited. */
  readonly taken: (news: readonly Order[]) => void;
  readonly told: () => Told & { readonly connections: number; readonly replicatedToMs: number | null };
}

/** Beats carry it four times a second; a region that nobody hears does not advance. */
const REPLICATED_WITHIN_MS = 10_000;
/** The same command again gets the same answer. */
const ANSWERS_KEPT = 1_000;

const shown = (order: Order): Ordered => {
  const { id, by, region, atMs } = order;
  const given = { id, by, region, at: new Date(atMs).toISOString() };
  if (order.kind === "drain") {
    const { target, drained, ratePerSecond } = order;
    return { ...given, kind: drained ? "drain" : "restore", target, ...(ratePerSecond === null ? {} : { ratePerSecond }) };
  }
  const { match, regions } = order;
  return regions === null
    ? { ...given, kind: "override-removed", target: match }
    : { ...given, kind: "override", target: match, regions: [...regions] };
};

function operatorOnly({ roles }: Actor): void {
  if (!roles.includes("operator"))
    throw new Refusal("forbidden", "Only operators order regions about.", { hint: "Ask for a token with the role operator." });
}

export function openDesk(options: DeskOptions): SteeringDesk {
  const { region, observer, book, locate, key, boot, nowMs, taken, told } = options;
  const { orders } = observer;
  const answered = new Map<string, Ordered>();
  let move: Move | null = null;

  const take = (actor: Actor, id: string, what: DistributiveOmit<Order, keyof Given>): Ordered => {
    operatorOnly(actor);
    const repeated = answered.get(`${actor.user} ${id}`);
    if (repeated !== undefined) return repeated;
    const order: Order = { ...what, atMs: Math.max(nowMs(), orders.latestMs + 1), id, by: actor.user, region };
    taken(orders.merge([order]));
    observer.refresh();
    const answer = shown(order);
    answered.set(`${actor.user} ${id}`, answer);
    if (answered.size > ANSWERS_KEPT) answered.delete(answered.keys().next().value!);
    return answer;
  };
  const known = (name: string): void => {
    const names = options.regions().map((one) => one.name);
    if (!names.includes(name))
      throw new Refusal("not-found", `There is no region ${JSON.stringify(name.slice(0, 64))}.`, { hint: `Regions: ${names.join(", ")}.` });
  };

  return {
    drain: (actor, id, target, ratePerSecond) => {
      operatorOnly(actor);
      known(target);
      return take(actor, id, { kind: "drain", target, drained: true, ratePerSecond: ratePerSecond ?? null });
    },
    restore: (actor, id, target) => {
      operatorOnly(actor);
      known(target);
      return take(actor, id, { kind: "drain", target, drained: false, ratePerSecond: null });
    },
    override: (actor, id, given, regions) => {
      operatorOnly(actor);
      const match = readMatch(given);
      if (match === undefined)
        throw new Refusal("invalid", `${JSON.stringify(given.slice(0, 64))} matches nobody.`, {
          hint: "A network (198.51.100.0/24, no bits beyond the prefix), an ASN (AS64500), a subdivision (US-CA) or a country (US).",
        });
      for (const name of regions) known(name);
      if (new Set(regions).size !== regions.length) throw new Refusal("invalid", "A region is named twice.");
      if (regions.length > 0 && orders.all().length >= OVERRIDES_MOST)
        throw new Refusal("invalid", `There are ${OVERRIDES_MOST} overrides already.`, {
          hint: "Put such a table into the database of places.",
        });
      return take(actor, id, { kind: "override", match: matchText(match), regions: regions.length === 0 ? null : regions });
    },
    overrides: () => orders.all().flatMap((order) => (order.kind === "override" && order.regions !== null ? [shown(order)] : [])),
    progress: (actor, target) => {
      operatorOnly(actor);
      known(target);
      const there = target === region ? { ...told(), move } : observer.heard(target);
      const order = orders.drained(target);
      const replicatedToMs = there?.replicatedToMs ?? null;
      const isElsewhere =
        replicatedToMs !== null && order !== undefined && replicatedToMs >= Math.max(order.atMs, nowMs() - REPLICATED_WITHIN_MS);
      return {
        region: target,
        drained: order !== undefined,
        connections: there?.connections ?? null,
        move: order === undefined ? null : (there?.move ?? null),
        replicatedTo: replicatedToMs === null ? null : new Date(replicatedToMs).toISOString(),
        safeToStop: there?.connections === 0 && isElsewhere,
      };
    },
    tell: (given, have) => {
      if (!isSameSecret(given, key)) return undefined;
      const version = `${boot}.${orders.version}`;
      const trips = book.rows();
      const tripsVersion = `${boot}.${trips.version}`;
      return {
        region,
        looks: Object.fromEntries(
          [...observer.looks()].map(([name, { state, why, settled }]) => [name, { state, why: why.slice(0, 500), settled }]),
        ),
        returning: Object.fromEntries(
          [...observer.standings()].flatMap(([name, { progress }]) => (progress < 1 ? [[name, progress]] : [])),
        ),
        ...told(),
        move,
        ...(have.orders === version ? {} : { orders: { version, all: orders.all() } }),
        ...(have.trips === tripsVersion ? {} : { trips: { version: tripsVersion, rows: trips.rows } }),
      } satisfies ToldDocument;
    },
    measured: (user, ip, roundTrips) => {
      const address = ip === undefined ? undefined : addressBytes(ip);
      return { taken: address === undefined ? 0 : book.add({ user, address, place: locate(address), roundTrips }) };
    },
    moving: () => {
      const order = orders.drained(region);
      const elsewhere = options.regions().some(({ name }) => name !== region && observer.standings().get(name)?.health.state === "up");
      if (order === undefined) move = null;
      return order === undefined || !elsewhere ? undefined : { ratePerSecond: order.ratePerSecond };
    },
    moves: (now) => {
      move = now;
    },
  };
}

type Given = { readonly atMs: number; readonly id: string; readonly by: string; readonly region: string };
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
