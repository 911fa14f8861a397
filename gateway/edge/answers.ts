/**
 * What a gateway process says to a call: its own pages, that it is unready, or that it takes nothing. Everything else is the region's to answer. What
 * a browser asks before a call (OPTIONS) is the region's too, on any path.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "../../core/errors.ts";
import { answerProblem, type Calls } from "./calls.ts";
import type { EdgeMetrics } from "./edge-metrics.ts";
import type { TrunkEnd } from "./trunk-end.ts";

export interface AnswersParts {
  readonly trunk: TrunkEnd;
  readonly calls: Calls;
  readonly metrics: EdgeMetrics;
  readonly draining: () => boolean;
}

/** Pages of this process alone, answered as a region answers its own. */
const OWN_PAGES: readonly string[] = ["/healthz", "/metrics/gateway"];
const READS = { allow: "GET, HEAD" };
const READ_ONLY = new Refusal("method-not-allowed", `This path takes ${READS.allow}.`);
export const GOING = new Refusal("unavailable", "This gateway is going away; try the next one.", { retryAfterS: 1 });

export function answersOf({ trunk, calls, metrics, draining }: AnswersParts): (request: IncomingMessage, response: ServerResponse) => void {
  const ownPage = (path: string, response: ServerResponse): void => {
    if (path === "/healthz") response.setHeader("content-type", "text/plain;charset=UTF-8").end("ok\n");
    else if (path === "/metrics/gateway")
      void metrics.text().then((text) => response.setHeader("content-type", metrics.contentType).end(text));
    else notReady(response, draining() ? "going" : trunk.state.why);
  };
  return (request, response) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    const isUnready = path === "/readyz" && (draining() || !trunk.state.up);
    const isOwn = request.method !== "OPTIONS" && (OWN_PAGES.includes(path) || isUnready);
    if (isOwn && !["GET", "HEAD"].includes(request.method ?? "")) answerProblem(response, READ_ONLY, READS);
    else if (isOwn) ownPage(path, response);
    else if (draining()) answerProblem(response, GOING);
    else if (!trunk.state.up) answerProblem(response, trunk.refuses ?? GOING);
    else calls.pass(request, response);
  };
}

function notReady(response: ServerResponse, why: string): void {
  response.writeHead(503, { "content-type": "text/plain", "cache-control": "no-store" }).end(`[-]gateway ${why}\nnot ready\n`);
}
