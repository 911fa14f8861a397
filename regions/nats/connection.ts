/**
 * The one seam to the driver: a connection to the region's own JetStream tier. Everything else, peers included, is reached through it (the
 * gateway tier hangs behind it as a leafnode), so a region whose links are all cut notices nothing here.
 */
import { connect, type NatsConnection, nkeyAuthenticator } from "nats";
import { LIMITS } from "../../core/limits.ts";

export interface RegionConnection {
  readonly nats: NatsConnection;
  readonly region: string;
  readonly serverVersion: string;
  /** False between the loss of the server and its return; what is sent meanwhile would be thrown away. */
  connected(): boolean;
  /** Resolves once the server is there (at once when it is), or when the connection is closed. */
  whenConnected(): Promise<void>;
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly region: string;
  /** "nats://127.0.0.1:4222", or several with commas. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Signed in with instead of user and password. */
  readonly nkeySeed?: string;
  /** Shown by the server's monitoring page. */
  readonly name?: string;
}

/** Waits for the server as long as it takes: who starts first, server or region, must not matter. */
export async function connectRegion(options: ConnectionOptions): Promise<RegionConnection> {
  const nats = await connect({
    servers: options.url.split(","),
    ...(options.nkeySeed === undefined
      ? { user: options.user, pass: options.password }
      : { authenticator: nkeyAuthenticator(new TextEncoder().encode(options.nkeySeed)) }),
    name: options.name ?? `atoll-${options.region}`,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    timeout: LIMITS.silentMs,
    // A dead server on the same machine resets the socket; these pings find the one that hangs.
    pingInterval: LIMITS.silentMs,
    maxPingOut: 2,
    // The addresses a server advertises may be out of reach from here; the configured ones are the truth.
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
  });
  let up = true;
  let waiting: (() => void)[] = [];
  const wake = (): void => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  void (async () => {
    for await (const { type } of nats.status()) {
      if (type === "disconnect") up = false;
      if (type === "reconnect") {
        up = true;
        wake();
      }
    }
  })();
  void nats.closed().then(() => {
    up = false;
    wake();
  });
  return {
    nats,
    region: options.region,
    serverVersion: nats.info?.version ?? "unknown",
    connected: () => up && !nats.isClosed(),
    whenConnected: () => (up || nats.isClosed() ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    close: () => nats.close(),
  };
}
