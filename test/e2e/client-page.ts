/** The library as a program outside gets it: as built, by the example of its documentation, and in a page of a real browser. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "../..");

/** Runs the first example of docs/client.md in Node, as it stands there but for where the mesh is. Resolves with what it prints. */
export async function runExample(regions: readonly string[], channel: string, token: string): Promise<string> {
  const [, example = ""] = /```js\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/client.md"), "utf8")) ?? [];
  const code = example.replace(/regions: \[.*?\]/, `regions: ${JSON.stringify(regions)}`).replaceAll('"lobby"', JSON.stringify(channel));
  const env = { ...process.env, TOKEN: token };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], { cwd: ROOT, env, timeout: 30_000 });
  return stdout;
}

const PAGE = `<!doctype html><title>client</title><ul></ul><script type="module">
  import { connect } from "/dist/gateway/client/connect.js";
  const { url, token, channel } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  const client = connect({ url, token: async () => token });
  const view = client.channel(channel);
  view.on("change", () => document.querySelector("ul").replaceChildren(...view.messages.map(({ author, body, state }) =>
    Object.assign(document.createElement("li"), { textContent: author + ": " + body + " (" + state + ")" }))));
  await view.ready;
  await client.send(channel, "from a page").replicated;
  document.title = "replicated";
</script>`;

/** Says many things, and is loaded anew as soon as the first is accepted; the second time it only says what is left. */
const RELOADED = `<!doctype html><title>outbox</title><script type="module">
  import { connect } from "/dist/gateway/client/connect.js";
  const { url, token, channel, said } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  const outbox = { load: () => sessionStorage.getItem("outbox"), save: (text) => sessionStorage.setItem("outbox", text) };
  const client = connect({ url, token: async () => token, outbox, inFlight: 2 });
  const left = await client.restored;
  if (left.length === 0) for (const body of said) client.send(channel, body).answer.then(() => (client.close(), location.reload()), () => {});
  else {
    await Promise.all(left.map(({ answer }) => answer));
    document.title = "the rest: " + left.length;
  }
</script>`;

/** The same in Node, with a file: it dies at once of a kill -9 when the first is accepted. */
const PROGRAM = `
import { connect } from "atoll/client";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { WebSocket } from "ws";
const { url, token, channel, said, file } = JSON.parse(process.env.TELL);
const outbox = {
  load: () => (existsSync(file) ? readFileSync(file, "utf8") : null),
  save: (text) => {
    writeFileSync(file + ".tmp", text);
    renameSync(file + ".tmp", file);
  },
};
const client = connect({ url, token: async () => token, outbox, inFlight: 2, WebSocket });
const left = await client.restored;
if (left.length === 0) for (const body of said) client.send(channel, body).answer.then(() => process.kill(process.pid, "SIGKILL"));
else {
  await Promise.all(left.map(({ answer }) => answer));
  console.log("the rest: " + left.length);
  client.close();
}`;

export interface ToSay {
  readonly url: string;
  readonly token: string;
  readonly channel: string;
  readonly said: readonly string[];
}
/** Resolves with what it printed, and by which signal it ended. */
export async function runWithOutbox(toSay: ToSay, file: string): Promise<{ readonly printed: string; readonly signal: string | null }> {
  const env = { ...process.env, TELL: JSON.stringify({ ...toSay, file }) };
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (chunk) => (printed += chunk));
  const [, signal] = (await once(child, "close", { signal: AbortSignal.timeout(60_000) })) as [number | null, string | null];
  return { printed, signal };
}

/** Serves the built library, and pages that use it without any bundler: "" and "reloaded". */
export async function servePage(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, answer) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/") answer.writeHead(200, { "content-type": "text/html" }).end(PAGE);
    else if (path === "/reloaded") answer.writeHead(200, { "content-type": "text/html" }).end(RELOADED);
    else if (!/^\/dist\/(core|gateway)\/[\w/-]+\.js$/.test(path)) answer.writeHead(404).end();
    else
      readFile(join(ROOT, path)).then(
        (text) => answer.writeHead(200, { "content-type": "text/javascript" }).end(text),
        () => answer.writeHead(404).end(),
      );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}
