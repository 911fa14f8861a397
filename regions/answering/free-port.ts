/** A port that is free for UDP and TCP alike, for processes that are all to be told the same one. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

const TRIES = 20;

async function isFreeForUdp(port: number, host: string): Promise<boolean> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const bound = once(socket, "listening");
  socket.bind({ port, address: host, exclusive: true });
  const isFree = await bound.then(
    () => true,
    () => false,
  );
  const closed = once(socket, "close");
  socket.close();
  await closed;
  return isFree;
}

export async function freePort(host: string): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const server = createServer().listen(0, host);
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    const isFree = await isFreeForUdp(port, host);
    const closed = once(server, "close");
    server.close();
    await closed;
    if (isFree || tries >= TRIES) return port;
  }
}
