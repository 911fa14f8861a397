/** What is answered without a token: health, metrics, descriptions, the two pages. */

import type { OpenPage } from "../http-app.ts";
import type { GatewayParts } from "../parts.ts";
import { asyncApi } from "../protocol/asyncapi.ts";
import { openApi } from "../protocol/openapi.ts";
import type { Route } from "../routes/route.ts";
import { consolePage } from "./console-page.ts";
import { docsPage } from "./docs-page.ts";

const PLAIN = { "content-type": "text/plain;charset=UTF-8" };

export function openPages(parts: GatewayParts, routes: readonly Route[]): readonly OpenPage[] {
  const json = (document: object) => {
    const text = JSON.stringify(document);
    return () => new Response(text, { headers: { "content-type": "application/json" } });
  };
  return [
    { path: "/healthz", answer: () => new Response("ok\n", { headers: PLAIN }) },
    { path: "/readyz", answer: ({ verbose }) => readiness(parts, verbose !== undefined && verbose !== "false") },
    {
      path: "/metrics",
      answer: async () =>
        new Response(await parts.metrics.registry.metrics(), { headers: { "content-type": parts.metrics.registry.contentType } }),
    },
    { path: "/openapi.json", answer: json(openApi(routes, parts.version)) },
    { path: "/asyncapi.json", answer: json(asyncApi(parts.version)) },
    { path: "/docs", answer: () => docsPage(routes) },
    { path: "/console", answer: () => new Response(null, { status: 308, headers: { location: "/console/" } }) },
    { path: "/console/", answer: () => consolePage(parts.region) },
  ];
}

function readiness({ readiness: linesNow }: GatewayParts, verbose: boolean): Response {
  const lines = linesNow();
  const isReady = lines.every(({ ok }) => ok);
  const verdict = isReady ? "ready" : "not ready";
  const words = lines.map(({ name, ok, detail }) => `${ok ? "[+]" : "[-]"}${name} ${detail ?? (ok ? "ok" : "failed")}`);
  return new Response(`${verbose ? [...words, verdict].join("\n") : verdict}\n`, {
    status: isReady ? 200 : 503,
    headers: { ...PLAIN, "cache-control": "no-store" },
  });
}
