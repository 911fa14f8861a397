/**
 * An observer of the mesh: looks at every region, hears what the gateways of the others see, and knows how each region stands. A name server
 * and every gateway are observers; they ask each other, none depends on another. What it heard last stays in force while nobody answers.
 */
import type { Timer, Timers } from "../../core/ports/time.ts";
import { seen, type Watched } from "../../geodns/health.ts";
import { type Order, Orders } from "../../geodns/orders.ts";
import type { GeoRegion, RegionHealth } from "../../geodns/region.ts";
import { type Standing, stand, type Told } from "../../geodns/standing.ts";
import type { World } from "../../geodns/steering.ts";
import type { SteeringSettings } from "../../geodns/steering-settings.ts";
import { Hearsay } from "./hearsay.ts";
import { lookAt } from "./look.ts";
import { type MeasuredRows, ObservedWorld } from "./observed-world.ts";
import type { ToldDocument } from "./told.ts";

export interface ObserverOptions {
  /** In the configured order; read anew on every look, so that a region may be added. */
  readonly regions: () => readonly GeoRegion[];
  /** Read anew at every look: they may change while it runs. */
  readonly settings: () => SteeringSettings;
  readonly timers: Timers;
  /** What the mesh's observers know each other by; absent: this one looks alone. */
  readonly key?: string;
  /** The region whose gateway this is; what it tells of itself is not asked over the network. */
  readonly self?: {
    readonly region: string;
    readonly told: () => Told;
    readonly rows: () => MeasuredRows;
  };
  readonly orders?: Orders;
  /** Orders that were not known before, whoever told them. */
  readonly onOrders?: (news: readonly Order[]) => void;
  /** A region's state became another. */
  readonly onState?: (region: string, now: RegionHealth) => void;
}
export interface Observer {
  readonly orders: Orders;
  /** All that the policy knows beside the client: the same object until something changes. */
  world(): World;
  /** Calls back after each turn in which the world became another, until what is returned is called. */
  follow(changed: () => void): () => void;
  /** What this observer itself sees, without the others. */
  looks(): ReadonlyMap<string, Watched>;
  standings(): ReadonlyMap<string, Standing>;
  /** What each vantage point that is heard sees of each region; this one is called by its region, without one `here`. */
  sights(): readonly { readonly target: string; readonly from: string; readonly state: Watched["state"] }[];
  /** What a region's gateway told last, unless that is too long ago. */
  heard(region: string): ToldDocument | undefined;
  /**
   * Resolves when no region is called up that is not reached from here: a moment after others have found it out this one has too. Where some reach
   * it and others do not, that lasts, and is not waited for longer than it takes to hear from everybody.
   */
  settled(): Promise<void>;
  /** Takes the orders into account at once. */
  refresh(): void;
  close(): void;
}

const isSame = (a: RegionHealth, b: RegionHealth | undefined): boolean =>
  a.state === b?.state && a.why === b.why && a.settled === b.settled && a.share === b.share && a.shed === b.shed;

/** Who has found it out before us has looked as often as we, but for one look; in another the others are heard of theirs. */
const LOOKS_WAITED = 2;

/** A vantage point that is no region's. */
const HERE = "here";

export function openObserver(options: ObserverOptions): Observer {
  const { settings, timers, key, self, orders = new Orders(), onOrders = () => {}, onState = () => {} } = options;
  const startedMs = timers.monotonicMs();
  const watched = new Map<string, Watched>();
  const hearsay = new Hearsay({
    key,
    timers,
    settings,
    ordered: (all) => {
      const news = orders.merge(all);
      if (news.length > 0) onOrders(news);
    },
  });
  const standings = new Map<string, Standing>();
  const world = new ObservedWorld(options.regions());
  const busy = new Set<string>();
  const waiting = new Set<() => void>();
  let closed = false;

  async function look(region: GeoRegion): Promise<void> {
    const { name, url } = region;
    if (busy.has(name)) return; // one at a time: a slow one is not asked over and over
    busy.add(name);
    const asked = key === undefined || name === self?.region ? undefined : hearsay.ask(region);
    const found = await lookAt(url, settings().timeoutMs);
    if (!closed) watched.set(name, seen(watched.get(name), found));
    await asked;
    busy.delete(name);
    if (!closed) judge(region);
    for (const judged of waiting) judged();
    waiting.clear();
  }

  function judge({ name }: GeoRegion): void {
    const nowMs = timers.monotonicMs();
    const before = standings.get(name);
    const order = orders.drained(name);
    const evidence = {
      own: watched.get(name),
      others: hearsay.votesOn(name),
      told: name === self?.region ? self.told() : hearsay.of(name),
      drained: order === undefined ? undefined : `drained by ${order.by} at ${new Date(order.atMs).toISOString()}`,
      returning: hearsay.returningOf(name),
    };
    const now = stand(before, evidence, { nowMs, ageMs: nowMs - startedMs, settings: settings() });
    standings.set(name, now);
    if (!isSame(now.health, before?.health)) world.judged(name, now.health);
    if (now.health.state !== before?.health.state) onState(name, now.health);
  }
  const refresh = (): void => {
    world.take({ regions: options.regions(), orders, own: self?.rows(), trips: hearsay.trips() });
    for (const region of options.regions()) judge(region);
  };
  const isDoubted = (): boolean =>
    options.regions().some(({ name }) => {
      const own = watched.get(name);
      return own !== undefined && standings.get(name)?.health.state === "up" && (own.state !== "up" || !own.settled);
    });
  async function settled(): Promise<void> {
    const untilMs = timers.monotonicMs() + LOOKS_WAITED * settings().everyMs + settings().timeoutMs;
    while (!closed && isDoubted() && timers.monotonicMs() < untilMs) await new Promise<void>((judged) => waiting.add(judged));
  }
  const turn = (): void => {
    refresh();
    for (const region of options.regions()) void look(region);
    timer = timers.after(settings().everyMs, turn);
  };
  let timer: Timer;
  turn();

  return {
    orders,
    world: () => world.now,
    follow: (changed) => world.follow(changed),
    looks: () => watched,
    standings: () => standings,
    sights: () =>
      options.regions().flatMap(({ name: target }) => {
        const own = watched.get(target);
        const votes = own === undefined ? hearsay.votesOn(target) : [{ from: self?.region ?? HERE, ...own }, ...hearsay.votesOn(target)];
        return votes.map(({ from, state }) => ({ target, from, state }));
      }),
    heard: (name) => hearsay.of(name),
    settled,
    refresh,
    close: () => {
      closed = true;
      hearsay.close();
      timer.cancel();
      for (const judged of waiting) judged();
    },
  };
}
