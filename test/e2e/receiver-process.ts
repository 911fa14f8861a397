/** A bot in a process of its own: takes every delivery, and writes each as a line of JSON; its first line is its port. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  process.stdout.write(`${JSON.stringify({ headers: request.headers, body: Buffer.concat(chunks).toString(), atMs: Date.now() })}\n`);
  response.writeHead(204).end();
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
// Whoever started it is gone.
process.stdin.on("end", () => process.exit(0)).resume();
