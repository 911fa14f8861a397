import { open } from "lmdb"; import { mkdtempSync, rmSync } from "node:fs";
const ev = JSON.parse(JSON.parse((await import("node:fs")).readFileSync("/tmp/perf/log.json","utf8"))[200])[0];
const reg = { key: `${ev.channel}|body|${ev.data.message}`, entries: [{ stamp: ev.stamp, author: ev.actor, command: ev.command, policy: "lww", deletes: "final", after: ev.after, position: { origin: "us", epoch: 1, sequence: 100, place: 3 }, hash: "a".repeat(64), right: ev.right, kind: "sent", content: ev.content, value: { body: ev.data.body }, replaces: [] }], seen: [], count: 1, sum: "b".repeat(64), resolution: { value: { body: ev.data.body }, winner: ev.stamp, heads: [ev.stamp], records: [], incomplete: [], pending: [], void: [] } };
const placed = { position: { origin: "us", epoch: 1, sequence: 100, place: 3 }, event: ev };
const cmd = { said: ev.said, stamp: ev.stamp, row: "x".repeat(60) };
const audit = { kind: "version", event: ev.kind, stamp: ev.stamp, actor: ev.actor, command: ev.command, position: "us.1.100.3", row: "x".repeat(60), region: "us", atMs: 1 };
const N = 2000, B = 20;
console.log("bytes", [reg, placed, cmd, audit].map(x => JSON.stringify(x).length));
function t(name, f, n) { f(); const c0 = process.cpuUsage(); const w = performance.now(); for (let i = 0; i < B; i++) f(i); const c = process.cpuUsage(c0); console.log(name.padEnd(40), ((c.user + c.system) / (N * B)).toFixed(2), "us cpu/event; wall", ((performance.now() - w) * 1000 / (N * B)).toFixed(2)); }
t("stringify only", () => { let n = 0; for (let i = 0; i < N; i++) for (const x of [reg, placed, cmd, audit, "abc"]) n += JSON.stringify(x).length; });
for (const encoding of ["json", "string", "msgpack"]) for (const flags of [1 | 2 | 0x10000]) {
  const dir = mkdtempSync("/tmp/perf/lm-"); const root = open({ path: dir, encoding, maxDbs: 20, noSubdir: false });
  const db = ["registers", "events", "commands", "audit", "timeline"].map(name => root.openDB({ name, encoding, cache: false }));
  let k = 0; const put = encoding === "string" ? (d, key, v) => d.putSync(key, JSON.stringify(v)) : (d, key, v) => d.putSync(key, v);
  t(encoding, () => root.transactionSync(() => { for (let i = 0; i < N; i++) { k++; const id = Math.random().toString(36).slice(2).padEnd(26, "x"); const c = ev.channel; const seq = String(k).padStart(14, "0"); put(db[0], `${c}|body|${id}`, reg); put(db[1], `${c}|us|000001.${seq}.000000`, placed); put(db[2], id, cmd); put(db[3], seq, audit); put(db[4], `${c}|${seq}|${id}`, id); } }, flags));
  await root.close(); rmSync(dir, { recursive: true });
}
console.log("per table");
for (const [name, mk] of [["registers sorted", (c, id, seq) => [`${c}|body|${id}`, reg]], ["registers random", (c, id, seq) => [`${c}|body|${id}`, reg]], ["events", (c, id, seq) => [`${c}|us|000001.${seq}.000000`, placed]], ["commands random", (c, id) => [id, cmd]], ["commands sorted", (c, id) => [id, cmd]], ["audit", (c, id, seq) => [seq, audit]], ["timeline", (c, id, seq) => [`${c}|${seq}|${id}`, id]]]) {
  const dir = mkdtempSync("/tmp/perf/lm-"); const root = open({ path: dir, encoding: "string", maxDbs: 20, noSubdir: false });
  const d = root.openDB({ name: "a", encoding: "string", cache: false }); let k = 0;
  t(name, () => { let rows = []; for (let i = 0; i < N; i++) { k++; const id = Math.random().toString(36).slice(2).padEnd(26, "x"); const [key, v] = mk(ev.channel, id, String(k).padStart(14, "0")); rows.push([key, JSON.stringify(v)]); } if (name.endsWith("sorted")) rows.sort(([a], [b]) => a < b ? -1 : 1); root.transactionSync(() => { for (const [a, b] of rows) d.putSync(a, b); }, 1 | 2 | 0x10000); });
  await root.close(); rmSync(dir, { recursive: true });
}
