/** A region's gateway: assembles the doors, the fan-out and the boards, listens, drains and closes. */
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Refusal } from "../core/errors.ts";
import type { Context } from "./context.ts";
import { FanOut } from "./fan-out.ts";
import { greet } from "./greeting.ts";
import { addMethodErrors, addPages, addRoutes, addressOf, openApp } from "./http-app.ts";
import { InFlight } from "./in-flight.ts";
import { KeptConnections } from "./kept-connections.ts";
import { Line } from "./line.ts";
import { MemberRoutes } from "./member-routes.ts";
import { moveSockets } from "./moving.ts";
import { Flusher } from "./outbox.ts";
import { openPages } from "./pages/open-pages.ts";
import type { Gateway, GatewayParts, ReadyLine } from "./parts.ts";
import { DEFAULT_LIMITS } from "./parts.ts";
import { tellPresence } from "./presence-news.ts";
import { problemResponse } from "./problem.ts";
import { OPEN_PATHS } from "./protocol/openapi.ts";
import { openRates } from "./rates.ts";
import { ROUTES } from "./routes/all.ts";
import { steeringDoor } from "./routes/steering-door.ts";
import { checkRoutes, Routing } from "./routing.ts";
import { SyncNews } from "./sync-news.ts";
import { openTokens } from "./tokens.ts";
import { Typing } from "./typing.ts";
import { openWebSocketDoor } from "./websocket-seam.ts";

const HTTP_OPTIONS = { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 2_000 };
const CONNECT = "/v1/connect";
const SWEEP_MS = 1_000;
/** The routing table is kept for the next start this often, and when the gateway drains. */
const KEEP_MS = 300_000;
const breathe = (): Promise<void> => new Promise((later) => setImmediate(later));

export async function openGateway(parts: GatewayParts): Promise<Gateway> {
  const { reader, metrics, timers } = parts;
  let draining: "restart" | "drain" | undefined;
  const routing = new Routing();
  const syncNews = new SyncNews(parts.sync, reader, routing);
  const fanOut = new FanOut({ reader, routing, metrics, now: parts.now, happened: (channel, told) => syncNews.happened(channel, told) });
  const members =
    parts.routes &&
    new MemberRoutes({
      source: parts.routes,
      snapshots: parts.routeSnapshots,
      metrics,
      log: parts.log,
      monotonicMs: () => timers.monotonicMs(),
    });
  const limits = { ...DEFAULT_LIMITS, ...parts.limits };
  const context: Context = {
    parts,
    limits,
    routing,
    members,
    fanOut,
    flusher: new Flusher(),
    tokens: openTokens(parts.auth, parts.now),
    rates: openRates(limits, timers, parts.rates),
    typing: new Typing(parts, routing),
    catchUp: { reader, timers, pageEvents: limits.catchUpPage, told: () => fanOut.told },
    lines: new Set(),
    inFlight: new InFlight(),
    draining: () => draining !== undefined,
  };

  const app = openApp({ parts });
  const door = openWebSocketDoor(app, (socket, request) =>
    greet(context, new Line(context, socket, addressOf(request.socket.remoteAddress))),
  );
  app.get(CONNECT, async (c, next) => {
    const refusal = refusedUpgrade(context, c.req.header("origin"), moving?.refuses() === true);
    return refusal ?? (await door.upgrade(c, next)) ?? undefined;
  });
  app.get(CONNECT, () => problemResponse(new Refusal("invalid", "This path speaks WebSocket, subprotocol atoll.v1.")));
  const readiness = (): readonly ReadyLine[] => [...parts.readiness(), ...(members === undefined ? [] : [members.ready()])];
  addPages(app, openPages({ ...parts, readiness }, ROUTES));
  steeringDoor(app, parts.steering);
  addRoutes(app, context, ROUTES);
  addMethodErrors(app, [...ROUTES, ...[CONNECT, ...OPEN_PATHS.map(({ path }) => path)].map((path) => ({ method: "get", path }))]);

  const ends = [
    parts.feed.listen((told) => {
      members?.hear(told);
      fanOut.hear(told);
    }),
    parts.sync.onSync((sync) => syncNews.tellSync(sync)),
    parts.presence.onChange((changed) => tellPresence(members ?? reader, routing, changed)),
    context.typing.end,
    context.rates.end,
  ];
  const moving =
    parts.steering &&
    moveSockets({
      desk: parts.steering,
      timers,
      connections: () => routing.connections(),
      told: (moved, left) => parts.log.info({ event: "sockets.moving", moved, left }, "open sockets are asked to move to other regions"),
    });
  if (moving !== undefined) ends.push(moving.end);
  const checkSome = checkRoutes(routing, reader, () => metrics.routingMismatches.inc());
  const sweeps = [
    timers.every(SWEEP_MS, () => {
      for (const line of context.lines) line.outbox.check();
      for (const connection of routing.connections()) connection.checkToken();
      syncNews.tellWatermarks();
      checkSome();
      members?.sweep();
      metrics.routingEntries.set(routing.entries + (members?.entries ?? 0));
    }),
    timers.every(KEEP_MS, () => void members?.save()),
    timers.every(limits.pingMs, () => {
      for (const line of context.lines) line.probe();
    }),
  ];

  void members?.build(breathe);

  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: HTTP_OPTIONS }) as Server;
  server.on("request", (_request, response) => response.once("close", context.inFlight.began()));
  const kept = new KeptConnections(server);
  door.listenOn(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(parts.port, parts.host, resolve);
  });

  return {
    port: (server.address() as { readonly port: number }).port,
    connections: () => routing.connections().length,
    async drain(why = "restart") {
      draining = why;
      kept.leave();
      for (const line of context.lines) line.leave(why);
      await context.inFlight.none(timers, limits.drainMs);
      await members?.save();
      for (const line of context.lines) line.goodbye(why);
    },
    async close() {
      draining ??= "restart";
      for (const end of ends) end();
      for (const sweep of sweeps) sweep.cancel();
      kept.leave();
      door.close();
      server.closeAllConnections();
    },
  };
}

function refusedUpgrade({ parts, draining }: Context, origin: string | undefined, moving: boolean): Response | undefined {
  if (moving) return problemResponse(new Refusal("unavailable", "This region is drained; try the next region.", { retryAfterS: 60 }));
  if (draining())
    return problemResponse(new Refusal("unavailable", "This gateway is going away; try the next region.", { retryAfterS: 5 }));
  if (origin === undefined || parts.allowedOrigins === undefined || parts.allowedOrigins.includes(origin)) return undefined;
  return problemResponse(new Refusal("forbidden", "Pages of this origin may not connect."));
}
