/**
 * The one place that knows @hono/node-ws. It opens the socket and steps aside: what it keeps of a request (some kilobytes a connection) is let
 * go, and the plain `ws` socket is handed on. Three of its habits are mended here: an address it cannot parse, a socket that breaks before the
 * upgrade is done, and an answer of any length to frames of any size.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { createNodeWebSocket } from "@hono/node-ws";
import type { Hono, MiddlewareHandler } from "hono";
import type { WebSocket } from "ws";
import { LIMITS } from "../core/limits.ts";

const SUBPROTOCOL = "atoll.v1";
/** Frames between `LIMITS.frameBytes` and this are answered with an error frame; beyond, nothing is read any more. */
const READ_BYTES = 4 * LIMITS.frameBytes;

export interface WebSocketDoor {
  /** Upgrades a request; passes on one that asks for no upgrade. */
  readonly upgrade: MiddlewareHandler;
  /** `others`: takes upgrades of other paths first, and says whether it has. */
  listenOn(server: Server, others?: UpgradeOfOthers): void;
  close(): void;
}
export type UpgradeOfOthers = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
export interface DoorEnv {
  readonly incoming: IncomingMessage;
}

export function openWebSocketDoor(
  app: Hono<{ Bindings: DoorEnv }>,
  accept: (socket: WebSocket, request: IncomingMessage) => void,
): WebSocketDoor {
  const { injectWebSocket, upgradeWebSocket, wss } = createNodeWebSocket({ app: app as unknown as Hono });
  wss.options.maxPayload = READ_BYTES;
  wss.options.perMessageDeflate = false;
  wss.options.handleProtocols = (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false);
  return {
    upgrade: upgradeWebSocket((c) => {
      const { incoming } = c.env as DoorEnv;
      return {
        onOpen(_event, { raw }) {
          if (raw === undefined) return;
          const before = listenersOf(raw);
          accept(raw, incoming);
          const ours = listenersOf(raw);
          // node-ws adds its own listeners after this call; they would keep the whole request alive.
          queueMicrotask(() => {
            for (const [event, listeners] of listenersOf(raw))
              for (const listener of listeners)
                if (!before.get(event)?.includes(listener) && !ours.get(event)?.includes(listener)) raw.off(event, listener);
          });
        },
      };
    }),
    listenOn: (server, others = () => false) => injectWebSocket(guarded(server, others)),
    close: () => {
      for (const client of wss.clients) client.terminate();
      wss.close();
    },
  };
}

type Listener = (...args: never[]) => void;
const EVENTS = ["message", "close", "error"] as const;
const listenersOf = (socket: WebSocket) => new Map(EVENTS.map((event) => [event, socket.listeners(event) as Listener[] as (() => void)[]]));

/** The server, as far as node-ws uses it, with an upgrade that can neither throw nor reject. */
function guarded(server: Server, others: UpgradeOfOthers): Server {
  type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown;
  const on = (event: string, upgrade: Upgrade): void => {
    server.on(event, (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => socket.destroy());
      if (!URL.canParse(request.url ?? "/", "http://localhost"))
        return void socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      if (!others(request, socket, head)) void Promise.resolve(upgrade(request, socket, head)).catch(() => socket.destroy());
    });
  };
  return { on } as unknown as Server;
}
