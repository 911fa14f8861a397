/**
 * A gateway process of its own: it holds sockets, reads and checks what comes over them, queues what goes out, and passes the rest on to the
 * region's reconciler. It keeps nothing that would be missed: whoever was connected comes back with their cursor, to any gateway.
 */
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { Hono } from "hono";
import { Refusal } from "../../core/errors.ts";
import type { Timers } from "../../core/ports/time.ts";
import { addressOf } from "../address.ts";
import { answerBroken } from "../broken-requests.ts";
import { DOCUMENTS } from "../documents/document-name.ts";
import { HTTP_OPTIONS } from "../http-options.ts";
import { InFlight } from "../in-flight.ts";
import { KeptConnections } from "../kept-connections.ts";
import type { Line } from "../line.ts";
import { CONNECT, isAllowed } from "../line-doors.ts";
import { listen } from "../listening.ts";
import { Flusher } from "../outbox.ts";
import type { GatewayLimits, Log } from "../parts.ts";
import { DEFAULT_LIMITS } from "../parts.ts";
import { problemResponse } from "../problem.ts";
import { refuseUpgrade } from "../refuse-upgrade.ts";
import { SocketLine } from "../socket-line.ts";
import { endUnread } from "../unread-answers.ts";
import type { DoorEnv } from "../websocket-seam.ts";
import { openWebSocketDoor } from "../websocket-seam.ts";
import { answersOf, GOING } from "./answers.ts";
import { openCalls } from "./calls.ts";
import type { EdgeMetrics } from "./edge-metrics.ts";
import { TrunkEnd } from "./trunk-end.ts";

export interface EdgeParts {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Of the region's reconciler: http://host:port. */
  readonly reconciler: string;
  /** Of the region (trunk/words.ts). */
  readonly key: string;
  /** What this process calls itself. */
  readonly name: string;
  readonly timers: Timers;
  readonly newId: () => string;
  readonly log: Log;
  readonly metrics: EdgeMetrics;
  readonly limits?: Partial<GatewayLimits>;
  readonly allowedOrigins?: readonly string[];
}
export interface Edge {
  readonly port: number;
  /** Open sockets. */
  sockets(): number;
  readonly state: { readonly up: boolean; readonly why: string };
  /** Serves a connection that somebody else has accepted. */
  take(connection: Socket): void;
  /** Takes nothing new, and lets every socket go when nothing of it waits for its answer (H10). */
  drain(): Promise<void>;
  close(): Promise<void>;
}

const SWEEP_MS = 1_000;

export async function openEdge(parts: EdgeParts): Promise<Edge> {
  const { timers, log, metrics, newId, reconciler, key } = parts;
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const lines = new Set<Line>();
  const calls = openCalls({ reconciler, key, log });
  const inFlight = new InFlight();
  let draining = false;
  const trunk = new TrunkEnd({ reconciler, key, name: parts.name, timers, log, soon: setImmediate, carried: metrics.carried });
  const lineParts = {
    ...{ log, limits, timers, newId, lines, flusher: new Flusher() },
    rank: () => trunk.regions,
    began: () => () => {},
    slow: (line: Line) => trunk.slow(line),
  };
  const app = new Hono<{ Bindings: DoorEnv }>();
  const sockets = new InFlight();
  const door = openWebSocketDoor(app, (socket, request) => {
    trunk.carry(new SocketLine(lineParts, socket, addressOf(request.socket.remoteAddress)));
    socket.once("close", sockets.began());
  });
  app.get(CONNECT, async (c, next) => {
    const refusal = draining ? GOING : trunk.refuses;
    if (refusal !== undefined) return problemResponse(refusal);
    if (!isAllowed(parts.allowedOrigins, c.req.header("origin"))) return problemResponse(FOREIGN);
    return (await door.upgrade(c, next)) ?? undefined;
  });

  const answer = answersOf({ trunk, calls, metrics, draining: () => draining });
  const server = createServer(HTTP_OPTIONS, (request, response) => {
    response.once("close", inFlight.began());
    answer(request, response);
  });
  endUnread(server);
  answerBroken(server, timers);
  const kept = new KeptConnections(server);
  door.listenOn(server, (request, socket, head) => {
    if (!request.url?.startsWith(`${DOCUMENTS}/`)) return false;
    if (draining || !trunk.state.up) refuseUpgrade(socket, "503 Service Unavailable", GOING.message);
    else calls.passSocket(request, socket, head);
    return true;
  });
  const port = await listen(server, parts);
  const sweeps = [
    timers.every(SWEEP_MS, () => {
      for (const line of lines) line.check();
      metrics.standing(lines.size, trunk.state.up);
    }),
    timers.every(limits.pingMs, () => {
      for (const line of lines) line.probe();
    }),
  ];

  return {
    port,
    sockets: () => lines.size,
    get state() {
      return trunk.state;
    },
    take: (connection) => {
      connection.allowHalfOpen = true; // as of connections that a server accepts itself
      server.emit("connection", connection);
    },
    drain: async () => {
      draining = true;
      kept.leave();
      trunk.leave();
      await Promise.all([sockets.none(timers, limits.drainMs), inFlight.none(timers, limits.drainMs)]);
      for (const line of lines) line.goodbye("restart");
    },
    close: async () => {
      draining = true;
      for (const sweep of sweeps) sweep.cancel();
      trunk.close();
      calls.close();
      server.close();
      door.close();
      server.closeAllConnections();
    },
  };
}

const FOREIGN = new Refusal("forbidden", "Pages of this origin may not connect.");
