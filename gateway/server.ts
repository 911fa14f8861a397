/** A region's gateway: assembles the doors, the fan-out and the boards, listens, drains and closes. */
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Refusal } from "../core/errors.ts";
import { answerBroken } from "./broken-requests.ts";
import type { Context } from "./context.ts";
import { openDocumentDoor } from "./documents/document-door.ts";
import { DOCUMENTS } from "./documents/document-name.ts";
import { FanOut } from "./fan-out.ts";
import { addMethodErrors, addPages, addRoutes, openApp } from "./http-app.ts";
import { HTTP_OPTIONS } from "./http-options.ts";
import { InFlight } from "./in-flight.ts";
import { KeptConnections } from "./kept-connections.ts";
import { CONNECT, openLineDoors } from "./line-doors.ts";
import { MemberRoutes } from "./member-routes.ts";
import { moveSockets } from "./moving.ts";
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
import { endUnread } from "./unread-answers.ts";

/** Calls that a gateway passes on carry two headers more, over connections that it keeps. */
const TRUNK_OPTIONS = { maxHeaderSize: 2 * HTTP_OPTIONS.maxHeaderSize, keepAliveTimeout: 75_000 };
/** Who speaks HTTP/1.0, as health checks of balancers do, may name no host. */
const NAMELESS = "localhost";
const SWEEP_MS = 1_000;
/** The routing table is kept for the next start this often, and when the gateway drains. */
const KEEP_MS = 300_000;
const breathe = (): Promise<void> => new Promise((later) => setImmediate(later));

export async function openGateway(parts: GatewayParts): Promise<Gateway> {
  const { reader, metrics, timers } = parts;
  let draining: "restart" | "drain" | undefined;
  const routing = new Routing();
  const syncNews = new SyncNews(parts.sync, reader, routing);
  const fanOut = new FanOut({
    reader,
    routing,
    metrics,
    now: parts.now,
    mesh: parts.mesh,
    happened: (channel, told) => syncNews.happened(channel, told),
  });
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
    tokens: openTokens(parts.auth, parts.now),
    rates: openRates(limits, timers, parts.rates),
    typing: new Typing(parts, routing),
    catchUp: { reader, timers, pageEvents: limits.catchUpPage, told: () => fanOut.told },
    lines: new Set(),
    inFlight: new InFlight(),
    draining: () => draining !== undefined,
  };

  const app = openApp({ parts });
  const doors = openLineDoors(app, context, () => moving?.refuses() === true);
  const documents = openDocumentDoor(context, () => moving?.refuses() === true);
  app.get(`${DOCUMENTS}/:document`, () => problemResponse(new Refusal("invalid", "This path speaks WebSocket, as y-websocket does.")));
  const readiness = (): readonly ReadyLine[] => [
    ...parts.readiness(),
    ...(members === undefined ? [] : [members.ready()]),
    ...(parts.trunk?.only === true ? [{ name: "gateways", ok: true, detail: `${doors.gateways()} bring their sockets here` }] : []),
  ];
  addPages(app, openPages({ ...parts, readiness }, ROUTES));
  steeringDoor(app, parts.steering);
  addRoutes(app, context, ROUTES);
  addMethodErrors(app, [
    ...ROUTES,
    ...[CONNECT, `${DOCUMENTS}/{document}`, ...OPEN_PATHS.map(({ path }) => path)].map((path) => ({ method: "get", path })),
  ]);

  const ends = [
    parts.feed.listen((told) => {
      members?.hear(told);
      fanOut.hear(told);
      documents?.hear(told);
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
  const checkSome = checkRoutes(routing, reader, () => metrics.routingMismatches.inc({ in: "followers" }));
  for (const part of ["members", "followers"]) metrics.routingMismatches.inc({ in: part }, 0);
  const sweeps = [
    timers.every(SWEEP_MS, () => {
      for (const line of context.lines) line.check();
      documents?.check();
      for (const connection of routing.connections()) connection.checkToken();
      syncNews.tellWatermarks();
      checkSome();
      members?.sweep();
      metrics.routingEntries.set(routing.entries + (members?.entries ?? 0));
    }),
    timers.every(KEEP_MS, () => void members?.save()),
    timers.every(limits.pingMs, () => {
      for (const line of context.lines) line.probe();
      documents?.probe();
    }),
  ];

  void members?.build(breathe);

  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: NAMELESS,
    serverOptions: parts.trunk === undefined ? HTTP_OPTIONS : { ...HTTP_OPTIONS, ...TRUNK_OPTIONS },
  }) as Server;
  server.on("request", (_request, response) => response.once("close", context.inFlight.began()));
  endUnread(server);
  answerBroken(server);
  const kept = new KeptConnections(server);
  doors.listenOn(server, (request, socket, head) => documents?.upgrade(request, socket, head) === true);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(parts.port, parts.host, resolve);
  });

  return {
    port: (server.address() as { readonly port: number }).port,
    connections: () => routing.connections().length,
    async drain(why = "restart") {
      // What people have changed is taken into the log while it takes anything.
      await documents?.leave(why);
      draining = why;
      kept.leave();
      doors.tellGateways();
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
      doors.close();
      documents?.close();
      server.closeAllConnections();
    },
  };
}
