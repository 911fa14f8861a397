/**
 * What the console does: once a second it asks every region for its `/v1/sync` and draws what they say of each other. Text of the page, run by a
 * browser; nothing is fetched but the contract's own calls, and everything that came in enters the page as text.
 */
export const CONSOLE_SCRIPT = String.raw`
"use strict";
const $ = (id) => document.getElementById(id);
const field = $("token");
const handed = new URLSearchParams(location.hash.slice(1)).get("token");
if (handed) { sessionStorage.setItem("atoll-token", handed); history.replaceState(null, "", location.pathname); }
field.value = sessionStorage.getItem("atoll-token") ?? "";

const make = (tag, properties = {}, ...children) => { const made = Object.assign(document.createElement(tag), properties); made.append(...children); return made; };
const draw = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
const get = async (base, path) => {
  const answer = await fetch(base + path, { headers: { authorization: "Bearer " + field.value }, signal: AbortSignal.timeout(3000) });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? answer.statusText), { code: body.code });
  return body;
};

const WORST = ["live", "lagging", "healing", "cut-off"];
const SIGN = { live: "●", lagging: "◐", healing: "↻", "cut-off": "✕", gone: "○" };
const worst = (states) => WORST[Math.max(0, ...states.map((state) => WORST.indexOf(state)))];
const state = (name, words = name) => make("span", { className: "state " + name, textContent: SIGN[name] + " " + words });
const soft = (textContent) => make("span", { className: "soft", textContent });
const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });
const many = (count, one) => count + " " + one + (count === 1 ? "" : "s");
/** A length of time that people read at once. */
const inWords = (s) => s < 120 ? s + " s" : s < 7200 ? Math.round(s / 60) + " min" : s < 172800 ? Math.round(s / 3600) + " h" : Math.round(s / 86400) + " days";
const ago = (time, now) => inWords(Math.max(0, Math.round((Date.parse(now) - Date.parse(time)) / 1000)));
const span = (ms) => Math.abs(ms) < 10000 ? Math.round(Math.abs(ms)) + " ms" : inWords(Math.round(Math.abs(ms) / 1000));
const peerOf = (sync, name) => sync?.peers.find(({ region }) => region === name);

/** What one region says of another, in a few words. Times of one region are compared with that region's own clock. */
const words = (peer, now) => peer.state === "healing" && peer.total ? [peer.done + " of " + peer.total + " messages"]
  : peer.lagEvents > 0 && peer.state !== "cut-off" ? [many(peer.lagEvents, "message") + " behind", span(peer.lagMs)]
  : ["for " + ago(peer.since, now), peer.state === "cut-off" ? "since " + clock(peer.since) : peer.completeTo ? "complete to " + clock(peer.completeTo) : ""];

/** A link is as bad as the worse of its two ends sees it. */
const linkOf = (views, a, b) => {
  const seen = [peerOf(views.get(a)?.sync, b)?.state, peerOf(views.get(b)?.sync, a)?.state].filter(Boolean);
  return seen.length ? worst(seen) : "gone";
};

/** What somebody has to look at in a region whose links are well. */
const isWrong = (skewMs) => Math.abs(skewMs) > 500;
const offBy = (skewMs) => span(skewMs) + (skewMs > 0 ? " ahead" : " behind");
const troubles = (sync) => [
  isWrong(sync.clockSkewMs) ? "its clock is " + offBy(sync.clockSkewMs) : "",
  sync.quarantined ? many(sync.quarantined, "event") + " in quarantine" : "",
  sync.degraded?.length ? "degraded: " + sync.degraded.join(", ") : "",
].filter(Boolean);

function verdict(names, views) {
  const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b, linkOf(views, a, b)]));
  const of = (wanted) => pairs.filter(([, , state]) => state === wanted).map(([a, b]) => a + " – " + b);
  const silent = names.filter((name) => !views.get(name)?.sync);
  const who = silent.join(", ") + (silent.length === 1 ? " does" : " do");
  const cut = of("cut-off");
  if (cut.length && silent.length) return ["cut-off", "Cut off: " + cut.join(", "), who + " not answer this browser either: down, or out of its reach. The others go on serving their users; what was accepted is exchanged at the heal."];
  if (cut.length) return ["cut-off", "Cut off: " + cut.join(", "), "Every region goes on serving its users. Presence across the cut is unknown; what is written is exchanged at the heal."];
  if (silent.length) return ["cut-off", who + " not answer this browser", "The others say nothing of a cut."];
  if (of("healing").length) return ["healing", "Healing: " + of("healing").join(", "), "The regions read what they missed of each other."];
  if (of("lagging").length) return ["lagging", "Lagging: " + of("lagging").join(", "), "Links are up, and something is still on its way."];
  const amiss = names.flatMap((name) => troubles(views.get(name).sync).map((trouble) => name + ": " + trouble));
  if (amiss.length) return ["lagging", "All regions are live, and " + (amiss.length === 1 ? "one thing is" : amiss.length + " things are") + " amiss", amiss.join("; ") + "."];
  const digests = new Set(names.map((name) => views.get(name).sync.converged?.digest));
  if (digests.size === 1 && !digests.has(undefined)) {
    const { digest, at } = views.get(names[0]).sync.converged;
    return ["live", "All regions are live and equal", "Last compared byte for byte at " + clock(at) + ", digest " + digest.slice(0, 16) + "."];
  }
  return ["live", "All regions are live", "They are compared when a heal has ended, and every half minute."];
}

function map(names, views) {
  const radius = names.length === 1 ? 0 : 60 + 14 * names.length, edge = 40;
  const at = new Map(names.map((name, i) => { const turn = (2 * Math.PI * i) / names.length - Math.PI / 2; return [name, [radius * Math.cos(turn), radius * Math.sin(turn)]]; }));
  const [xs, ys] = [0, 1].map((axis) => [...at.values()].map((place) => place[axis]));
  const [left, top] = [Math.min(...xs) - edge, Math.min(...ys) - edge];
  const box = [left, top, Math.max(...xs) + edge - left, Math.max(...ys) + edge - top].join(" ");
  const links = names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b, linkOf(views, a, b)]));
  const said = links.map(([a, b, state]) => a + " – " + b + " " + (state === "gone" ? "unknown" : state)).join(", ");
  const svg = draw("svg", { viewBox: box, role: "img", "aria-label": "Links: " + said });
  for (const [a, b, state] of links) {
    const [[x1, y1], [x2, y2]] = [at.get(a), at.get(b)];
    svg.append(draw("line", { x1, y1, x2, y2, class: state }));
  }
  for (const [name, [x, y]] of at) {
    const { sync } = views.get(name);
    const small = draw("text", { x, y: y + 15, class: "small" }, sync ? many(sync.connections, "socket") : "?");
    svg.append(draw("circle", { cx: x, cy: y, r: 33, class: sync ? sync.state : "gone" }), draw("text", { x, y }, name), small);
  }
  return svg;
}

function matrix(names, views) {
  const head = make("tr", {}, make("th", { scope: "col", textContent: "seen from" }), ...names.map((name) => make("th", { scope: "col", textContent: name })));
  const rows = names.map((name) => {
    const { sync } = views.get(name);
    const cells = names.map((peer) => {
      const seen = peerOf(sync, peer);
      if (name === peer) return make("td", { className: "self", textContent: "—" });
      return seen ? make("td", {}, state(seen.state), ...words(seen, sync.at).map(soft)) : make("td", {}, state("gone", "unknown"));
    });
    return make("tr", {}, make("th", { scope: "row", textContent: name }), ...cells);
  });
  return make("table", {}, make("caption", { textContent: "Links, as each end sees them" }), make("thead", {}, head), make("tbody", {}, ...rows));
}

function regions(names, views) {
  const head = make("tr", {}, ...["region", "clock", "connections", "compared equal", "notes"].map((textContent) => make("th", { scope: "col", textContent })));
  const rows = names.map((name) => {
    const { sync, offer, why } = views.get(name);
    const title = make("th", { scope: "row" }, name, soft(offer.url));
    if (!sync) return make("tr", {}, title, make("td", { colSpan: 4 }, state("gone", "no answer"), soft(why)));
    const skew = Math.round(sync.clockSkewMs), wrong = isWrong(skew);
    const notes = [offer.state === "up" ? "" : "not offered to new users: " + offer.why, ...troubles(sync).slice(wrong ? 1 : 0)].filter(Boolean);
    return make("tr", {}, title,
      make("td", {}, state(wrong ? "cut-off" : "live", wrong ? "wrong" : "right"), soft(wrong ? offBy(skew) : (skew > 0 ? "+" : "") + skew + " ms")),
      make("td", { textContent: sync.connections }),
      make("td", {}, sync.converged ? clock(sync.converged.at) : "not since the last cut", soft(sync.converged?.digest.slice(0, 16) ?? "")),
      make("td", {}, notes.join("; ") || "—"));
  });
  return make("table", {}, make("caption", { textContent: "Regions" }), make("thead", {}, head), make("tbody", {}, ...rows));
}

/** When the last of the versions was written, by the clock of whoever took it. */
const lastMs = (versions) => Math.max(...versions.map(({ at }) => Date.parse(at)));
const lastOf = (versions) => new Date(lastMs(versions)).toLocaleString([], { hour12: false });
const conflict = ({ id, register, versions, winner, losers, rule, reason, text: merged, state: standing }) => make("article", { className: "card" },
  make("div", { className: "soft", textContent: [register.kind, standing, "by " + rule + (reason ? ": " + reason : ""), lastOf(versions)].join(" · "), title: [id, register.channel, register.message].filter(Boolean).join("\n") }),
  ...(merged === undefined ? [] : [make("div", { className: "texts" }, make("b", { textContent: "merged " }), make("span", { textContent: merged }))]),
  ...versions.filter(({ stamp }) => rule === "merge" || stamp === winner || losers.includes(stamp)).sort((a) => (a.stamp === winner ? -1 : 1)).map(({ stamp, author, origin, value }) => {
    const text = value === null ? "deleted" : typeof value === "string" ? value : JSON.stringify(value);
    return make("div", { className: "texts" }, make("b", { textContent: rule === "merge" ? "wrote " : stamp === winner ? "won " : "lost " }), author + " in " + origin + ": ", make(losers.includes(stamp) ? "del" : "span", { textContent: text }));
  }));

/** Lists are in no order of time, so the newest are found here; asked seldom, as they may be hundreds. */
let asked = { atMs: -1e9 };
async function conflicts() {
  if (performance.now() - asked.atMs < 5000) return;
  const { items, next } = await get("", "/v1/conflicts?state=open&limit=500");
  asked = { atMs: performance.now() };
  const newest = items.sort((a, b) => lastMs(b.versions) - lastMs(a.versions)).slice(0, 10);
  const more = newest.length < items.length ? (next ? "The newest ten of the first 500." : "The newest ten.") + " All of them: ./atoll conflicts" : "Those seen or restored too: ./atoll conflicts";
  $("count").textContent = items.length + (next ? " or more" : "") + " open";
  $("conflicts").replaceChildren(...newest.map(conflict), make("p", { className: "soft", textContent: newest.length ? more : "None open that this token may see. " + more }));
}

const region = async (here, offer) => {
  if (offer.name === here.region) return [offer.name, { offer, sync: here }];
  try { return [offer.name, { offer, sync: await get(offer.url.replace(/\/$/, ""), "/v1/sync") }]; }
  catch (error) { return [offer.name, { offer, why: String(error.message ?? error) }]; }
};
async function look() {
  const here = await get("", "/v1/sync");
  const { items } = await get("", "/v1/regions");
  const views = new Map(await Promise.all(items.map((offer) => region(here, offer))));
  const names = [...views.keys()].sort();
  const [kind, sentence, more] = verdict(names, views);
  const box = $("verdict");
  box.className = "card " + kind;
  if (box.firstChild?.textContent !== sentence) box.replaceChildren(sentence, make("small", { textContent: more })); else box.lastChild.textContent = more;
  document.title = SIGN[kind] + " Atoll";
  $("map").replaceChildren(map(names, views));
  $("links").replaceChildren(matrix(names, views));
  $("regions").replaceChildren(regions(names, views));
  $("content").hidden = false;
  await conflicts();
}
async function once() {
  const isIn = field.value !== "";
  if (!isIn) { $("note").textContent = "Paste a token: ./atoll token --user you --role auditor"; return; }
  try { await look(); $("note").textContent = ""; }
  catch (error) { $("note").textContent = (error.code === "unauthenticated" ? "This token is not taken: " : "This region does not answer: ") + (error.message ?? error); }
}
document.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); sessionStorage.setItem("atoll-token", field.value); asked.atMs = -1e9; once(); });
(async () => { for (;;) { if (!document.hidden) await once(); await new Promise((later) => setTimeout(later, 1000)); } })();
`;
