/**
 * Every metric of the contract (§6), in one registry that all parts of a region write to. Labels are regions, kinds and rules; never a user,
 * channel or message. The region itself is a default label, so that no sample can lack it.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const HEAL_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

export interface MetricsOptions {
  readonly region: string;
  readonly version: string;
  readonly registry?: Registry;
}

export type Metrics = ReturnType<typeof openMetrics>;

/** What every process shows: Node's own metrics, and what runs here. */
export function openRegistry({ region, version, registry = new Registry() }: MetricsOptions): Registry {
  registry.setDefaultLabels({ region });
  collectDefaultMetrics({ register: registry });
  new Gauge({ name: "atoll_build_info", help: "What runs here; always 1.", labelNames: ["version", "node"], registers: [registry] }).set(
    { version, node: process.version },
    1,
  );
  return registry;
}

export function openMetrics(options: MetricsOptions) {
  const registry = openRegistry(options);
  const registers = [registry];
  const counter = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `atoll_${name}`, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `atoll_${name}`, help, labelNames, registers });
  const histogram = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = [], buckets = SECONDS) =>
    new Histogram<L>({ name: `atoll_${name}`, help, labelNames, buckets, registers });

  return {
    registry,
    commands: counter("commands_total", "Commands by kind and what became of them: ok, replayed, or the code of the refusal.", [
      "kind",
      "outcome",
    ]),
    commandSeconds: histogram("command_seconds", "From a command at the door to its answer."),
    eventsApplied: counter("events_applied_total", "Events applied, by the region that accepted them.", ["origin"]),
    applySeconds: histogram("apply_seconds", "Applying one log message."),
    connections: gauge("connections", "WebSocket connections that have said hello."),
    documentSockets: gauge("document_sockets", "Sockets that have a document open."),
    documentsOpen: gauge("documents_open", "Documents that somebody has open here."),
    gateways: gauge("gateways", "Gateway processes that bring their sockets here."),
    deliveries: counter("deliveries_total", "Events given to connections."),
    deliverySeconds: histogram("delivery_seconds", "From an event's stamp to its fan-out here, by the region that accepted it.", [
      "origin",
    ]),
    slowConsumers: counter("slow_consumers_total", "Connections closed because they did not read."),
    linkState: gauge("link_state", "1 for the state the link to a peer is in, else 0.", ["peer", "state"]),
    linkHeartbeatAge: gauge("link_heartbeat_age_seconds", "Since the last beat of a peer.", ["peer"]),
    linkRtt: gauge("link_rtt_seconds", "Round trip to a peer.", ["peer"]),
    mirrorLagEvents: gauge("mirror_lag_events", "Log messages of a peer that are not here yet.", ["peer"]),
    mirrorLagSeconds: gauge("mirror_lag_seconds", "How far behind a peer's log this region is.", ["peer"]),
    sequenceGaps: counter("sequence_gaps_total", "Holes met in an origin's log.", ["origin"]),
    conflicts: counter("conflicts_total", "Conflict records made, by kind of register and rule.", ["register", "rule"]),
    duplicates: counter("duplicates_total", "What arrived more than once and had no second effect.", ["source"]),
    presenceUsers: gauge("presence_users", "Users by the status shown here.", ["status"]),
    presenceExchanges: counter("presence_exchanges_total", "Whole presence lists exchanged with a peer.", ["peer"]),
    clockSkew: gauge("clock_skew_seconds", "How far a peer's clock is ahead of this region's.", ["peer"]),
    distrustedStamps: counter("distrusted_stamps_total", "Stamps of an origin that are distrusted.", ["origin"]),
    quarantinedEvents: counter("quarantined_events_total", "Events of an origin that could not be taken.", ["origin"]),
    routingEntries: gauge("routing_entries", "Entries of the routing table: memberships, and who follows what here."),
    routingRebuild: histogram("routing_rebuild_seconds", "Building the routing table when a gateway starts."),
    routingMismatches: counter(
      "routing_mismatches_total",
      "Entries found wrong and mended: in the table of memberships, among followers, in the directory store, in the registry of connections.",
      ["in"],
    ),
    reconnects: counter("reconnects_total", "Connections that came with a cursor, by reason.", ["reason"]),
    healSeconds: histogram("heal_seconds", "Phases of a heal.", ["peer", "phase"], HEAL_SECONDS),
    storeSeconds: histogram("store_seconds", "Operations of a store.", ["store", "operation"]),
    projectedChanges: counter("projected_changes_total", "Changes brought into a store that follows the embedded one.", ["store"]),
    projectionState: gauge("projection_state", "1 for the state a following store is in: live, slow, behind, unreachable.", [
      "store",
      "state",
    ]),
    projectionLagChanges: gauge("projection_lag_changes", "Changes that a following store has not taken.", ["store"]),
    projectionLagSeconds: gauge("projection_lag_seconds", "How long the first of them has waited.", ["store"]),
    historyReads: counter(
      "history_reads_total",
      "Pages of history by who answered: the history store, its pages kept here, or the embedded store.",
      ["by"],
    ),
    executedConsistency: counter("store_consistency_total", "Reads and writes of a store, by the consistency they were executed at.", [
      "store",
      "operation",
      "consistency",
    ]),
    replicaAge: gauge(
      "store_replica_age_seconds",
      "Age of the newest mark of a region that has reached this region's data centre of a shared store.",
      ["store", "peer"],
    ),
    refills: counter("store_refills_total", "Times a store came back without what it had acknowledged, and was given it again.", ["store"]),
    hookDeliveries: counter(
      "webhook_deliveries_total",
      "Tries to bring an event to a webhook, and events that were given up, by what became of them.",
      ["outcome"],
    ),
    hookSeconds: histogram("webhook_delivery_seconds", "From a request to a webhook to its answer."),
    hookQueue: gauge("webhook_queue", "Events that this region has yet to bring to webhooks."),
    hooksDisabled: counter("webhook_disabled_total", "Webhooks that this region halted, by reason.", ["reason"]),
    auditEntries: counter("audit_entries_total", "Entries written to the audit log."),
  } as const;
}
