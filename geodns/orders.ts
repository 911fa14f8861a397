/**
 * What operators have ordered: which regions are drained, and who is sent where by override. Every gateway keeps all orders and tells them to
 * whoever asks; of two about one thing the later stands, so all come to hold the same, whichever way they heard.
 */
import { type Override, readMatch } from "./overrides.ts";

interface Given {
  /** Milliseconds since 1970 by the gateway that took the order; later than of every order it knew. */
  readonly atMs: number;
  /** The command's id. */
  readonly id: string;
  /** Who gave it. */
  readonly by: string;
  /** Where it was taken. */
  readonly region: string;
}
export type Order = Given &
  (
    | { readonly kind: "drain"; readonly target: string; readonly drained: boolean; readonly ratePerSecond: number | null }
    /** `regions` null: the override is taken away. */
    | { readonly kind: "override"; readonly match: string; readonly regions: readonly string[] | null }
  );

/** Orders of one kind; more overrides than this are refused. */
export const OVERRIDES_MOST = 10_000;

const orderKey = (order: Order): string => (order.kind === "drain" ? `drain ${order.target}` : `override ${order.match}`);

const isLater = (a: Order, b: Order): boolean => a.atMs > b.atMs || (a.atMs === b.atMs && a.id > b.id);

export class Orders {
  readonly #byKey = new Map<string, Order>();
  #version = 0;

  /** Takes what is later than what stands; returns it. */
  merge(orders: Iterable<Order>): readonly Order[] {
    const news: Order[] = [];
    for (const order of orders) {
      const key = orderKey(order);
      const stands = this.#byKey.get(key);
      if (stands !== undefined && !isLater(order, stands)) continue;
      this.#byKey.set(key, order);
      news.push(order);
    }
    if (news.length > 0) this.#version += 1;
    return news;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }
  get latestMs(): number {
    let latest = 0;
    for (const { atMs } of this.#byKey.values()) latest = Math.max(latest, atMs);
    return latest;
  }
  all(): readonly Order[] {
    return [...this.#byKey.values()];
  }
  /** The order that drains the region; undefined while none does. */
  drained(region: string): Extract<Order, { readonly kind: "drain" }> | undefined {
    const order = this.#byKey.get(`drain ${region}`);
    return order?.kind === "drain" && order.drained ? order : undefined;
  }
  /** Those in force. One for regions that are no more is none. */
  overrides(known: readonly string[]): readonly Override[] {
    return this.all().flatMap((order) => {
      if (order.kind !== "override" || order.regions === null) return [];
      const match = readMatch(order.match);
      const regions = order.regions.filter((region) => known.includes(region));
      return match === undefined || regions.length === 0 ? [] : [{ match, regions }];
    });
  }
}
