/** `/docs`: the description of the HTTP calls and of the frames, to read without a tool. */
import { CLOSE } from "../close-codes.ts";
import { ClientFrame } from "../protocol/frames-in.ts";
import { SERVER_FRAMES } from "../protocol/frames-out.ts";
import { Components } from "../protocol/json-schema.ts";
import { OPEN_PATHS } from "../protocol/openapi.ts";
import type { Route } from "../routes/route.ts";
import { escapeHtml, htmlPage } from "./html.ts";

const STYLE = `
details { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: .35rem 0; padding: .5rem .8rem }
summary { cursor: pointer } summary code { font-weight: 600 } .method { display: inline-block; width: 4.2rem; color: var(--sea); font-weight: 700 }
pre { overflow: auto; background: var(--back); border: 1px solid var(--line); border-radius: 6px; padding: .7rem; max-height: 26rem }
table { border-collapse: collapse } td { padding: .15rem 1rem .15rem 0; vertical-align: top }`;

export function docsPage(routes: readonly Route[]): Response {
  const components = new Components();
  const schema = (title: string, value: object): string =>
    `<p class="soft">${title}</p><pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;
  const callOf = (route: Route): string => {
    const query = route.query === undefined ? "" : schema("Query", components.of(route.query));
    const body = route.body === undefined ? "" : schema("Body", components.of(route.body));
    return `<details><summary><span class="method">${route.method.toUpperCase()}</span><code>${escapeHtml(route.path)}</code> <span class="soft">${escapeHtml(route.summary)}</span></summary>${query}${body}${schema(`Answer ${route.status}`, components.of(route.answer, "output"))}</details>`;
  };
  const frameOf = (name: string, value: object): string =>
    `<details><summary><code>${escapeHtml(name)}</code></summary>${schema("Frame", value)}</details>`;
  const calls = routes.map(callOf).join("");
  const sent = ClientFrame.options.map((option) => frameOf(option.shape.type.value, components.of(option))).join("");
  const received = Object.entries(SERVER_FRAMES).map(([name, one]) => frameOf(name, components.of(one, "output")));
  const codes = Object.values(CLOSE).map(({ code, reason }) => `<tr><td><code>${code}</code></td><td>${escapeHtml(reason)}</td></tr>`);
  const pages = OPEN_PATHS.map(
    ({ path, summary }) => `<tr><td><a href="${path}"><code>${path}</code></a></td><td>${escapeHtml(summary)}</td></tr>`,
  );
  return htmlPage({
    title: "Atoll: calls and frames",
    style: STYLE,
    body: `<h1>Atoll</h1><p class="soft">Calls and frames of this gateway. The same as <a href="/openapi.json">OpenAPI 3.1</a> and <a href="/asyncapi.json">AsyncAPI 3.0</a>.</p>
<p>Send <code>Authorization: Bearer &lt;token&gt;</code>. Every write takes an <code>Idempotency-Key</code>: sent again, here or in another region, it has one effect and one answer. Errors are problem+json.</p>
<h2>HTTP</h2>${calls}
<h2>Without a token</h2><table>${pages.join("")}</table>
<h2>WebSocket <code>/v1/connect</code>: what you send</h2>${sent}
<h2>What you receive</h2>${received.join("")}
<h2>Close codes</h2><p class="soft">Below 4400: come back, here or in the next region.</p><table>${codes.join("")}</table>
<h2>Objects</h2>${Object.entries(components.schemas)
      .map(([name, one]) => frameOf(name, one))
      .join("")}`,
  });
}
