/** What a gateway process says of itself, beside what its region's reconciler says of everybody. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export interface EdgeMetrics {
  readonly contentType: string;
  text(): Promise<string>;
  carried(direction: "in" | "out", frames: number): void;
  standing(sockets: number, up: boolean): void;
}

export function openEdgeMetrics(region: string, gateway: string): EdgeMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ region, gateway });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const frames = new Counter({
    ...{
      name: "atoll_gateway_frames_total",
      help: "Frames carried between sockets and the reconciler: in from clients, out to them.",
      registers,
    },
    labelNames: ["direction"] as const,
  });
  const sockets = new Gauge({ name: "atoll_gateway_sockets", help: "Open sockets of this gateway process.", registers });
  const trunk = new Gauge({ name: "atoll_gateway_trunk_up", help: "1 while the reconciler takes this gateway's lines.", registers });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    carried: (direction, count) => frames.inc({ direction }, count),
    standing: (open, up) => {
      sockets.set(open);
      trunk.set(up ? 1 : 0);
    },
  };
}
