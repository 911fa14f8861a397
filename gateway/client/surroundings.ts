/**
 * What the library needs of the world it runs in. Each has a default that browsers and Node (20.19 or newer) give alike; a test hands in its own, so
 * that minutes of it pass at once.
 */
import type { Timer, Timers } from "../../core/ports/time.ts";
import { AtollError } from "./errors.ts";

/** As much of a WebSocket as is used; the browser's, Node's own (22 and newer) and that of the package `ws` all have it. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: "open" | "error", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number; readonly reason: string }) => void): void;
}
export type SocketConstructor = new (url: string, protocol: string) => SocketLike;

/** As much of `fetch` as is used. */
export type Fetch = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
) => Promise<{ readonly status: number; json(): Promise<unknown> }>;

export interface Surroundings {
  readonly WebSocket: SocketConstructor;
  readonly fetch: Fetch;
  readonly timers: Timers;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly chance: () => number;
  /** Ids of commands: no two alike, ever, whoever makes them. 1 to 128 visible ASCII characters. */
  readonly newId: () => string;
}

/** AtollError `no-websocket` where there is no WebSocket and none is given. */
export function surroundingsFrom(given: Partial<Surroundings>): Surroundings {
  const { WebSocket = (globalThis as { readonly WebSocket?: SocketConstructor }).WebSocket, ...others } = given;
  if (WebSocket === undefined)
    throw new AtollError("no-websocket", "There is no WebSocket here.", {
      hint: 'Node has one from 22 on; before: npm install ws, and give { WebSocket } of "ws".',
    });
  return {
    fetch: (url, init) => fetch(url, init),
    timers: ownTimers,
    now: () => Date.now(),
    chance: () => Math.random(),
    newId,
    ...others,
    WebSocket,
  };
}

/** Longer delays fire at once in browsers and Node. */
const LONGEST_MS = 2 ** 31 - 1;

const ownTimers: Timers = {
  after: (delayMs, run): Timer => {
    const handle = setTimeout(run, Math.min(delayMs, LONGEST_MS));
    return { cancel: () => clearTimeout(handle) };
  },
  every: (periodMs, run): Timer => {
    const handle = setInterval(run, periodMs);
    return { cancel: () => clearInterval(handle) };
  },
  monotonicMs: () => performance.now(),
};

/** `crypto.randomUUID` is missing on pages that came by plain HTTP; this is not. */
const newId = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
