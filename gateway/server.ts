/** A region's gateway: assembles the doors, the fan-out and the boards, listens, drains and closes. */
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { answerBroken } from "./broken-requests.ts";
import type { Context } from "./context.ts";
import type { DocumentDoor } from "./documents/document-door.ts";
import { type Doors, openDoors } from "./doors.ts";
import { HTTP_OPTIONS } from "./http-options.ts";
import { KeptConnections } from "./kept-connections.ts";
import { listen } from "./listening.ts";
import { moveSockets } from "./moving.ts";
import { openContext } from "./open-context.ts";
import type { Gateway, GatewayParts } from "./parts.ts";
import { tellPresence } from "./presence-news.ts";
import { beginSweeps } from "./sweeps.ts";
import type { SyncNews } from "./sync-news.ts";
import { endUnread } from "./unread-answers.ts";

/** Calls that a gateway passes on carry two headers more, over connections that it keeps. */
const TRUNK_OPTIONS = { maxHeaderSize: 2 * HTTP_OPTIONS.maxHeaderSize, keepAliveTimeout: 75_000 };
/** Who speaks HTTP/1.0, as health checks of balancers do, may name no host. */
const NAMELESS = "localhost";
const breathe = (): Promise<void> => new Promise((later) => setImmediate(later));

export async function openGateway(parts: GatewayParts): Promise<Gateway> {
  let draining: "restart" | "drain" | undefined;
  const { context, syncNews } = openContext(parts, () => draining !== undefined);
  const { routing, members, limits, inFlight } = context;
  const moving = beginMoving(context);
  const doors = openDoors(context, () => moving?.refuses() === true);
  const { documents } = doors;
  const ends = [
    ...hearRegion(context, syncNews, documents),
    context.typing.end,
    context.rates.end,
    () => moving?.end(),
    beginSweeps(context, syncNews, documents),
  ];
  void members?.build(breathe);
  const server = serverOf(context, doors);
  const kept = new KeptConnections(server);
  const port = await listen(server, parts);

  return {
    port,
    connections: () => routing.connections().length,
    async drain(why = "restart") {
      // What people have changed is taken into the log while it takes anything.
      await documents?.leave(why);
      draining = why;
      kept.leave();
      doors.lines.tellGateways();
      for (const line of context.lines) line.leave(why);
      await inFlight.none(parts.timers, limits.drainMs);
      await members?.save();
      for (const line of context.lines) line.goodbye(why);
    },
    async close() {
      draining ??= "restart";
      for (const end of ends) end();
      kept.leave();
      doors.lines.close();
      documents?.close();
      server.closeAllConnections();
    },
  };
}

/** Asks open sockets to go while the region is drained; undefined where nobody may order that. */
function beginMoving({ parts: { steering, timers, log }, routing }: Context): ReturnType<typeof moveSockets> | undefined {
  return (
    steering &&
    moveSockets({
      desk: steering,
      timers,
      connections: () => routing.connections(),
      told: (moved, left) => log.info({ event: "sockets.moving", moved, left }, "open sockets are asked to move to other regions"),
    })
  );
}

/** From here on the gateway is told of what the region applies: who is a member of what first, as the fan-out goes by it. */
function hearRegion({ parts, members, fanOut, routing }: Context, syncNews: SyncNews, documents: DocumentDoor | undefined): (() => void)[] {
  return [
    parts.feed.listen((told) => {
      members?.hear(told);
      fanOut.hear(told);
      documents?.hear(told);
    }),
    parts.sync.onSync((sync) => syncNews.tellSync(sync)),
    parts.presence.onChange((changed) => tellPresence(members ?? parts.reader, routing, changed)),
  ];
}

function serverOf({ parts, inFlight }: Context, { app, lines, documents }: Doors): Server {
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: NAMELESS,
    serverOptions: parts.trunk === undefined ? HTTP_OPTIONS : { ...HTTP_OPTIONS, ...TRUNK_OPTIONS },
  }) as Server;
  server.on("request", (_request, response) => response.once("close", inFlight.began()));
  endUnread(server);
  answerBroken(server, parts.timers);
  lines.listenOn(server, (request, socket, head) => documents?.upgrade(request, socket, head) === true);
  return server;
}
