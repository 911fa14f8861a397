/** `/console/`: the mesh at a glance, drawn from every region's `/v1/sync`. Needs a token for its data, not for itself. */
import { CONSOLE_SCRIPT } from "./console-script.ts";
import { CONSOLE_STYLE } from "./console-style.ts";
import { escapeHtml, htmlPage } from "./html.ts";

export const consolePage = (region: string): Response =>
  htmlPage({
    title: "Atoll",
    style: CONSOLE_STYLE,
    script: CONSOLE_SCRIPT,
    body: `<header><h1>Atoll</h1><span class="soft">asked in ${escapeHtml(region)}, once a second; times in your zone</span>
<form><input id="token" type="password" placeholder="token" aria-label="token" autocomplete="off"><button>Show</button></form></header>
<p id="note" class="card" role="status"></p>
<div id="content" hidden>
<div id="verdict" class="card" role="status" aria-live="polite"></div>
<div id="mesh"><div id="map" class="card"></div><div id="links" class="card wide"></div></div>
<div id="regions" class="card wide" style="margin-top: 1rem"></div>
<h2>Conflicts <span id="count" class="soft"></span></h2><div id="conflicts"></div>
</div>
<p class="soft"><a href="/docs">Calls and frames</a> · <a href="/metrics">Metrics</a> · <a href="/readyz?verbose">Readiness</a></p>`,
  });
