/** How clients are steered, as numbers: a gateway and a name server show the same (contract §6). Read when somebody scrapes; nothing is kept here. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Move } from "../core/ports/steering.ts";

/** As an observer of the mesh holds it at this moment. `target`: the region spoken of; `from`: who sees it so. */
export interface SteeringFacts {
  readonly decisions: () => Iterable<{ readonly to: string; readonly by: string; readonly count: number }>;
  readonly standings: () => Iterable<{ readonly target: string; readonly state: string; readonly share: number; readonly shed: number }>;
  readonly sights: () => Iterable<{ readonly target: string; readonly from: string; readonly state: string }>;
  /** The move of this region's own open sockets; undefined while it is not drained. */
  readonly move?: () => Move | undefined;
}
/** What a name server was asked and said. */
export interface DnsFacts {
  readonly answered: () => Iterable<{ readonly transport: string; readonly type: string; readonly rcode: string; readonly count: number }>;
  readonly truncated: () => number;
  readonly unanswered: () => number;
  readonly limited: () => { readonly truncate: number; readonly drop: number };
}

const STATES = ["up", "draining", "drained", "clock", "unready", "down", "cut-off"] as const;

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** A metric whose samples are asked for at each scrape. Samples that are no more are shown no more. */
function shown(
  registry: Registry,
  kind: "counter" | "gauge",
  name: string,
  help: string,
  labelNames: readonly string[],
  samples: () => Iterable<Sample>,
): void {
  const options = { name: `atoll_${name}`, help, labelNames: [...labelNames], registers: [registry] };
  if (kind === "gauge")
    new Gauge({
      ...options,
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.set({ ...labels }, value);
      },
    });
  else
    new Counter({
      ...options,
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.inc({ ...labels }, value);
      },
    });
}

export function showSteering(registry: Registry, { decisions, standings, sights, move }: SteeringFacts): void {
  shown(
    registry,
    "counter",
    "steering_decisions_total",
    "Decisions by the region that stood first and what put it there: configuration, override, distance, weight, health, measurement, load, ramp.",
    ["to", "by"],
    () => [...decisions()].map(({ to, by, count }): Sample => [{ to, by }, count]),
  );
  shown(registry, "gauge", "steering_state", "1 for how a region stands by all vantage points together, else 0.", ["target", "state"], () =>
    [...standings()].flatMap(({ target, state }) => STATES.map((one): Sample => [{ target, state: one }, one === state ? 1 : 0])),
  );
  shown(
    registry,
    "gauge",
    "steering_sight",
    "1 for what one vantage point sees of a region; shown for the present state only.",
    ["target", "from", "state"],
    () => [...sights()].map((sight): Sample => [{ ...sight }, 1]),
  );
  shown(
    registry,
    "gauge",
    "steering_share",
    "Of a region's own clients, the share that is sent to it: grows to 1 while it comes back, 0 while it is not offered.",
    ["target"],
    () => [...standings()].map(({ target, share }): Sample => [{ target }, share]),
  );
  shown(
    registry,
    "gauge",
    "steering_shed",
    "Of a region's own clients, the share that is sent elsewhere because it is nearly full.",
    ["target"],
    () => [...standings()].map(({ target, shed }): Sample => [{ target }, shed]),
  );
  shown(
    registry,
    "gauge",
    "steering_offered_regions",
    "Regions that clients are sent to; at 0 all are offered as if all were up.",
    [],
    () => [[{}, [...standings()].filter(({ state }) => state === "up").length]],
  );
  if (move === undefined) return;
  const moving = (value: (now: Move) => number) => (): readonly Sample[] => {
    const now = move();
    return now === undefined ? [] : [[{}, value(now)]];
  };
  shown(
    registry,
    "gauge",
    "drain_moved",
    "Sockets asked to go since this region was drained; absent while it is not.",
    [],
    moving(({ moved }) => moved),
  );
  shown(
    registry,
    "gauge",
    "drain_left",
    "Sockets that are still here while this region is drained.",
    [],
    moving(({ left }) => left),
  );
  shown(
    registry,
    "gauge",
    "drain_per_second",
    "Sockets a second that are asked to go.",
    [],
    moving(({ ratePerSecond }) => ratePerSecond),
  );
}

export function showDns(registry: Registry, { answered, truncated, unanswered, limited }: DnsFacts): void {
  shown(registry, "counter", "dns_queries_total", "Queries answered, by transport, type and rcode.", ["transport", "type", "rcode"], () =>
    [...answered()].map(({ count, ...labels }): Sample => [labels, count]),
  );
  shown(registry, "counter", "dns_truncated_total", "Answers that said: ask by TCP.", [], () => [[{}, truncated()]]);
  shown(registry, "counter", "dns_unanswered_total", "Messages that got no answer: no query, or above the rate.", [], () => [
    [{}, unanswered()],
  ]);
  shown(
    registry,
    "counter",
    "dns_rate_limited_total",
    "Queries above the rate of their network, by what became of them: truncate, drop.",
    ["verdict"],
    () => Object.entries(limited()).map(([verdict, count]): Sample => [{ verdict }, count]),
  );
}
