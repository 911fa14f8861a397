/** The two ways in which lines come: sockets of this process, and trunks of the region's gateway processes. */
import type { Server } from "node:http";
import { Refusal } from "../core/errors.ts";
import { addressOf } from "./address.ts";
import type { Context } from "./context.ts";
import { greet } from "./greeting.ts";
import type { App } from "./http-app.ts";
import type { LineParts } from "./line.ts";
import { Flusher } from "./outbox.ts";
import { problemResponse } from "./problem.ts";
import { SocketLine, type SocketLineParts } from "./socket-line.ts";
import { openTrunkDoor, type TrunkDoor } from "./trunk/trunk-door.ts";
import { openWebSocketDoor, type UpgradeOfOthers } from "./websocket-seam.ts";

export const CONNECT = "/v1/connect";

export interface LineDoors {
  /** `others`: takes upgrades of other paths first, and says whether it has. */
  listenOn(server: Server, others?: UpgradeOfOthers): void;
  /** Whether new lines are taken has changed. */
  tellGateways(): void;
  /** Gateway processes that bring their lines here. */
  gateways(): number;
  close(): void;
}

/** `moving`: the region is drained, and its sockets are asked to go elsewhere. */
export function openLineDoors(app: App, context: Context, moving: () => boolean): LineDoors {
  const { parts, limits } = context;
  const { timers, newId, metrics } = parts;
  const line = lineParts(context);
  const slow = (): void => metrics.slowConsumers.inc();
  const ofSockets: SocketLineParts = { ...line, limits, timers, newId, flusher: new Flusher(), lines: context.lines, slow };
  const sockets = openWebSocketDoor(app, (socket, request) =>
    greet(context, new SocketLine(ofSockets, socket, addressOf(request.socket.remoteAddress))),
  );
  const trunks: TrunkDoor | undefined =
    parts.trunk &&
    openTrunkDoor({
      ...{ key: parts.trunk.key, line, lines: context.lines, slow, timers, log: parts.log, soon: setImmediate },
      greet: (one) => greet(context, one),
      status: () => ({ refuses: refusal(context, moving()) ?? null, regions: line.rank(undefined) }),
      changed: (gateways) => metrics.gateways.set(gateways),
    });
  app.get(CONNECT, async (c, next) => {
    const why = refusal(context, moving());
    if (why !== undefined) return problemResponse(new Refusal("unavailable", why.message, why));
    if (!isAllowed(parts.allowedOrigins, c.req.header("origin")))
      return problemResponse(new Refusal("forbidden", "Pages of this origin may not connect."));
    return (await sockets.upgrade(c, next)) ?? undefined;
  });
  app.get(CONNECT, () => problemResponse(new Refusal("invalid", "This path speaks WebSocket, subprotocol atoll.v1.")));
  return {
    listenOn: (server, others) =>
      sockets.listenOn(
        server,
        (request, socket, head) => trunks?.upgrade(request, socket, head) === true || others?.(request, socket, head) === true,
      ),
    gateways: () => trunks?.trunks.size ?? 0,
    tellGateways: () => {
      for (const trunk of trunks?.trunks ?? []) trunk.tellStatus();
    },
    close: () => {
      sockets.close();
      trunks?.close();
    },
  };
}

/** What every line leans on, wherever its socket is. */
const lineParts = ({ parts: { log, ranking }, inFlight }: Context): LineParts => ({
  log,
  rank: (ip) => {
    try {
      return ranking.rank(ip).items;
    } catch {
      return []; // an address that the ranking cannot read
    }
  },
  began: () => inFlight.began(),
});

/** Why no new line is taken. */
function refusal({ draining }: Context, moving: boolean): { readonly message: string; readonly retryAfterS: number } | undefined {
  if (moving) return { message: "This region is drained; try the next region.", retryAfterS: 60 };
  return draining() ? { message: "This gateway is going away; try the next region.", retryAfterS: 5 } : undefined;
}

/** Origins of web pages; none named = any. Whoever names none is no page. */
export const isAllowed = (allowed: readonly string[] | undefined, origin: string | undefined): boolean =>
  origin === undefined || allowed === undefined || allowed.includes(origin);
