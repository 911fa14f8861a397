/** A person who reads along in one region over a WebSocket, and comes back with the last cursor when the socket breaks. */
import { WebSocket } from "ws";

export interface EventFrame {
  readonly position: string;
  readonly stamp: string;
  readonly kind: string;
  readonly channel: string | null;
  readonly actor: string;
  readonly command: string;
}
export interface SyncFrame {
  readonly state: string;
  readonly peers: readonly { readonly region: string; readonly state: string }[];
  readonly converged: { readonly at: string } | null;
}
export interface ReaderOptions {
  readonly ws: string;
  readonly region: string;
  readonly token: string;
  readonly channels: readonly string[];
  readonly onEvent: (event: EventFrame) => void;
  readonly onSync: (sync: SyncFrame) => void;
}
export interface Reader {
  readonly region: string;
  reconnects(): number;
  close(): void;
}

const AGAIN_MS = 500;

/** Resolves when the reader has been welcomed and follows its channels. */
export function openReader(options: ReaderOptions): Promise<Reader> {
  let cursor: string | undefined;
  let closed = false;
  let reconnects = -1;
  let socket: WebSocket | undefined;
  return new Promise((ready) => {
    const reader: Reader = {
      region: options.region,
      reconnects: () => Math.max(0, reconnects),
      close: () => {
        closed = true;
        socket?.close(1000);
      },
    };
    const take = (frame: Readonly<Record<string, unknown>>): void => {
      if (typeof frame["cursor"] === "string") cursor = frame["cursor"];
      if (frame["type"] === "welcome")
        for (const channel of options.channels) socket?.send(JSON.stringify({ type: "subscribe", id: `follow-${channel}`, channel }));
      if (frame["type"] === "welcome" || frame["type"] === "sync") options.onSync(frame["sync"] as SyncFrame);
      if (frame["type"] === "reply" && frame["id"] === `follow-${options.channels.at(-1)}`) ready(reader);
      if (frame["type"] === "event") options.onEvent(frame["event"] as EventFrame);
      if (frame["type"] === "events") for (const event of frame["items"] as readonly EventFrame[]) options.onEvent(event);
    };
    const connect = (): void => {
      if (closed) return;
      reconnects += 1;
      socket = new WebSocket(options.ws, "atoll.v1", { perMessageDeflate: false });
      socket.on("open", () =>
        socket?.send(
          JSON.stringify({
            type: "hello",
            protocol: 1,
            token: options.token,
            client: "atoll play",
            ...(cursor === undefined ? {} : { cursor }),
          }),
        ),
      );
      socket.on("message", (data) => take(JSON.parse(String(data)) as Readonly<Record<string, unknown>>));
      socket.on("error", () => socket?.terminate());
      socket.on("close", () => setTimeout(connect, AGAIN_MS));
    };
    connect();
  });
}
