/** `/console/`: every region's view of every other, drawn from `/v1/sync` of each. Needs a token for its data, not for itself. */
import { htmlPage } from "./html.ts";

const STYLE = `
header { display: flex; gap: 1rem; align-items: baseline; flex-wrap: wrap } header form { margin-left: auto; display: flex; gap: .4rem }
input { font: inherit; padding: .35rem .6rem; border: 1px solid var(--line); border-radius: 7px; background: var(--card); color: inherit; width: 16rem }
button { font: inherit; padding: .35rem .9rem; border: 0; border-radius: 7px; background: var(--sea); color: var(--back); cursor: pointer }
#regions { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 1rem; margin-top: 1.5rem }
.card h2 { margin: 0; display: flex; align-items: center; gap: .5rem } .card h2 .pill { margin-left: auto }
.pill { font-size: .78rem; font-weight: 600; border-radius: 99px; padding: .1rem .6rem; color: #fff; background: #868e96 }
.live { background: #2b8a3e } .lagging { background: #b35c00 } .healing { background: #1864ab } .cut-off, .unreachable { background: #c92a2a }
table { width: 100%; border-collapse: collapse; margin-top: .6rem } td { padding: .25rem 0; border-top: 1px solid var(--line) } td:last-child { text-align: right }
#conflicts .card { margin-bottom: .5rem } #note:empty { display: none } #note { margin-top: 1rem }`;

const SCRIPT = `
const field = document.querySelector("#token"), note = document.querySelector("#note");
field.value = sessionStorage.getItem("atoll-token") ?? "";
const get = async (base, path) => {
  const answer = await fetch(base + path, { headers: { authorization: "Bearer " + field.value }, signal: AbortSignal.timeout(3000) });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? answer.statusText);
  return body;
};
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const pill = (state) => element("span", { className: "pill " + state, textContent: state });
const ago = (time) => { const s = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000)); return s < 120 ? s + " s" : Math.round(s / 60) + " min"; };
const words = (peer) => peer.state === "cut-off" ? "for " + ago(peer.since)
  : peer.state === "healing" && peer.total ? peer.done + " of " + peer.total
  : peer.lagEvents > 0 ? peer.lagEvents + " events, " + peer.lagMs + " ms behind" : "complete to " + (peer.completeTo ? peer.completeTo.slice(11, 19) : "–");
const card = (name, sync) => element("section", { className: "card" },
  element("h2", {}, name, pill(sync?.state ?? "unreachable")),
  element("div", { className: "soft", textContent: sync ? sync.connections + " connections, clock " + (sync.clockSkewMs > 0 ? "+" : "") + Math.round(sync.clockSkewMs) + " ms" : "does not answer from here" }),
  element("table", {}, ...(sync?.peers ?? []).map((peer) => element("tr", {}, element("td", { textContent: peer.region }), element("td", {}, pill(peer.state)), element("td", { className: "soft", textContent: words(peer) })))),
  element("div", { className: "soft", textContent: sync?.converged ? "equal at " + sync.converged.at.slice(11, 19) + ", digest " + sync.converged.digest.slice(0, 12) : sync ? "not compared equal yet" : "" }));
const conflictCard = ({ register, versions, winner, rule, state }) => element("div", { className: "card" },
  element("div", { className: "soft", textContent: register.kind + " · " + rule + " · " + state }),
  ...versions.map((version) => element("div", { textContent: (version.stamp === winner ? "✓ " : "– ") + version.author + " in " + version.origin + ": " + (version.value ?? "deleted") })));
async function draw() {
  if (field.value === "") { note.textContent = "Paste a token: atoll token --user you --role auditor"; return; }
  try {
    const here = await get("", "/v1/sync");
    const { items } = await get("", "/v1/regions");
    const views = await Promise.all(items.map(async ({ name, url }) => [name, name === here.region ? here : await get(url.replace(/\\/$/, ""), "/v1/sync").catch(() => undefined)]));
    document.querySelector("#regions").replaceChildren(...views.sort(([a], [b]) => a.localeCompare(b)).map(([name, sync]) => card(name, sync)));
    const conflicts = await get("", "/v1/conflicts?limit=10");
    document.querySelector("#conflicts").replaceChildren(...(conflicts.items.length ? conflicts.items.map(conflictCard) : [element("p", { className: "soft", textContent: "None." })]));
    note.textContent = "";
  } catch (error) { note.textContent = String(error.message ?? error); }
}
document.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); sessionStorage.setItem("atoll-token", field.value); draw(); });
(async () => { for (;;) { await draw(); await new Promise((later) => setTimeout(later, 1000)); } })();`;

export const consolePage = (region: string): Response =>
  htmlPage({
    title: `Atoll ${region}`,
    style: STYLE,
    script: SCRIPT,
    body: `<header><h1>Atoll</h1><span class="soft">seen from ${region}</span><form><input id="token" type="password" placeholder="token" aria-label="token" autocomplete="off"><button>Show</button></form></header>
<p id="note" class="card"></p><div id="regions"></div><h2>Latest conflicts</h2><div id="conflicts"></div><p class="soft"><a href="/docs">Calls and frames</a> · <a href="/metrics">Metrics</a> · <a href="/readyz?verbose">Readiness</a></p>`,
  });
