/** Calls over HTTP are answered by the region's reconciler: a gateway process passes them on as they came, with the caller's address. */
import { Agent, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createProxyServer } from "httpxy";
import { Refusal } from "../../core/errors.ts";
import { addressOf } from "../address.ts";
import type { Log } from "../parts.ts";
import { problemOf } from "../problem.ts";
import { KEY_HEADER } from "../trunk/words.ts";

export interface CallsParts {
  /** http://host:port. */
  readonly reconciler: string;
  readonly key: string;
  readonly log: Log;
}
export interface Calls {
  pass(request: IncomingMessage, response: ServerResponse): void;
  /** A socket of another protocol than ours (documents): what comes over it goes on as it is. */
  passSocket(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** Longer than any call takes: a verify of much state reads for a quarter of an hour at most. */
const ANSWER_MS = 16 * 60_000;
/** The reconciler keeps an idle connection longer than this. */
const IDLE_MS = 30_000;

export function openCalls({ reconciler, key, log }: CallsParts): Calls {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  const passed = new Set<Duplex>();
  const proxy = createProxyServer({ target: reconciler, agent, proxyTimeout: ANSWER_MS });
  proxy.on("error", (error, _request, response) => {
    if (response === undefined || !("writeHead" in response) || response.destroyed || response.writableEnded) return; // the caller went away, or has the answer
    log.warn({ event: "call.lost", err: error }, "a call could not be passed on to the reconciler");
    answerProblem(response, LOST);
  });
  return {
    pass: (request, response) => {
      const headers = { [KEY_HEADER]: key, "x-forwarded-for": addressOf(request.socket.remoteAddress) ?? "" };
      void proxy.web(request, response, { headers });
    },
    passSocket: (request, socket, head) => {
      const headers = { [KEY_HEADER]: key, "x-forwarded-for": addressOf(request.socket.remoteAddress) ?? "" };
      passed.add(socket);
      socket.once("close", () => passed.delete(socket));
      proxy.ws(request, socket as Socket, { headers }, head).catch(() => socket.destroy());
    },
    close: () => {
      for (const socket of passed) socket.destroy();
      agent.destroy();
    },
  };
}

const LOST = new Refusal("unavailable", "This region's reconciler does not answer; what became of the call is unknown.", {
  hint: "Try again with the same Idempotency-Key, here or in the next region.",
  retryAfterS: 1,
});

export function answerProblem(response: ServerResponse, refusal: Refusal, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(refusal.status, {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...(refusal.status === 503 ? { "retry-after": String(Math.max(1, Math.ceil(refusal.retryAfterS ?? 1))) } : {}),
    ...headers,
  });
  response.end(JSON.stringify(problemOf(refusal)));
}
