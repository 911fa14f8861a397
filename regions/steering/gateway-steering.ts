/** A region's gateway as an observer of the mesh: ranks clients, takes operators' orders, keeps and audits them. */
import type { RegionRanking } from "../../core/ports/boards.ts";
import type { Move, SteeringDesk } from "../../core/ports/steering.ts";
import type { Timers } from "../../core/ports/time.ts";
import type { SteeringFacts } from "../../gateway/steering-metrics.ts";
import type { Locate } from "../../geodns/client.ts";
import { DecisionCounts } from "../../geodns/decision-counts.ts";
import { type Order, Orders } from "../../geodns/orders.ts";
import { openRanking } from "../../geodns/ranking.ts";
import type { GeoRegion } from "../../geodns/region.ts";
import type { SteeringSettings } from "../../geodns/steering-settings.ts";
import { TripBook } from "../../geodns/trip-book.ts";
import type { OperatorOrders } from "../../reconciliation/operator-orders.ts";
import type { RegionSyncBoard } from "../../reconciliation/sync-board.ts";
import type { ProcessLog } from "../process-log.ts";
import { openDesk } from "./desk.ts";
import { type Observer, openObserver } from "./observer.ts";
import { steeringFacts } from "./steering-facts.ts";
import { StoredOrders, steeringKey } from "./told.ts";

export interface GatewaySteeringOptions {
  readonly region: string;
  readonly regions: () => readonly GeoRegion[];
  readonly settings: () => SteeringSettings;
  readonly meshSecret: string;
  readonly boot: string;
  readonly locate: Locate;
  readonly orders: OperatorOrders;
  readonly links: RegionSyncBoard;
  readonly connections: () => number;
  /** Connections that this gateway can hold; 0 = no bound is known. */
  readonly connectionsMost: number;
  readonly timers: Timers;
  readonly nowMs: () => number;
  readonly log: ProcessLog;
}
export interface GatewaySteering {
  readonly ranking: RegionRanking;
  readonly desk: SteeringDesk;
  readonly observer: Observer;
  readonly decisions: DecisionCounts;
  readonly facts: SteeringFacts;
  close(): void;
}

const factOf = (order: Order): Readonly<Record<string, unknown>> => {
  const { kind, atMs, id, by, region, ...what } = order;
  return { action: kind, by, command: id, orderedIn: region, orderedAt: new Date(atMs).toISOString(), ...what };
};

export function openGatewaySteering(options: GatewaySteeringOptions): GatewaySteering {
  const { region, regions, settings, locate, orders: kept, links, timers, nowMs, log } = options;
  const key = steeringKey(options.meshSecret);
  const orders = new Orders();
  const before = StoredOrders.safeParse(kept.kept() ?? []);
  if (before.success) orders.merge(before.data);
  const book = new TripBook({ regions, nowMs: () => timers.monotonicMs() });
  const taken = (news: readonly Order[]): void => {
    kept.keep(orders.all(), news.map(factOf));
    for (const order of news) log.info({ event: "operator.order", ...factOf(order) }, "an operator ordered something about regions");
  };
  const told = () => {
    const sync = links.sync();
    const isConverged = sync.converged !== null && sync.peers.every(({ state, lagEvents }) => state === "live" && lagEvents === 0);
    const cutOff = sync.peers.length > 0 && sync.peers.every(({ state }) => state === "cut-off");
    const last = Math.max(...sync.peers.map(({ since }) => Date.parse(since)));
    const { replicatedTo } = links.watermark("");
    return {
      load: options.connectionsMost === 0 ? 0 : Math.min(10, options.connections() / options.connectionsMost),
      converged: isConverged,
      cutOffMs: cutOff ? Math.max(1, nowMs() - last) : 0,
      connections: options.connections(),
      replicatedToMs: replicatedTo === null ? null : Date.parse(replicatedTo),
    };
  };
  const observer = openObserver({
    regions,
    settings,
    timers,
    key,
    self: { region, told, rows: () => book.rows() },
    orders,
    onOrders: taken,
    onState: (name, { state, why }) => log.info({ event: "region.seen", seen: name, state, why }, `region ${name}: ${state}`),
  });
  const decisions = new DecisionCounts();
  const desk = openDesk({ region, regions, observer, book, locate, key, boot: options.boot, nowMs, taken, told });
  let move: Move | undefined;
  return {
    ranking: {
      ...openRanking({ world: observer.world, locate, decided: (decision) => decisions.took(decision) }),
      settled: () => observer.settled(),
    },
    desk: {
      ...desk,
      moves: (now) => {
        move = now;
        desk.moves(now);
      },
    },
    observer,
    decisions,
    facts: { ...steeringFacts(observer, decisions), move: () => (orders.drained(region) === undefined ? undefined : move) },
    close: () => observer.close(),
  };
}
