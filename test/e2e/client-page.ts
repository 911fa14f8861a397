/** The library as a program outside gets it: as built, by the example of its documentation, and in a page of a real browser. */
import { execFile } from "node:child_process";
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

/** Serves the built library and a page that uses it without any bundler. */
export async function servePage(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, answer) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/") answer.writeHead(200, { "content-type": "text/html" }).end(PAGE);
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
