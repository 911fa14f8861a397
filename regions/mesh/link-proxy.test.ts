import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LinkProxy } from "./link-proxy.ts";

const HELLO = 'CONNECT {"verbose":false,"gateway":"eu"}\r\n';

/** Greets, then sends everything back. */
async function echoServer(sockets: Socket[]): Promise<Server> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => socket.destroy());
    socket.write("INFO {}\r\n");
    socket.on("data", (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe("the proxy before a gateway listener", () => {
  let proxy: LinkProxy;
  let server: Server;
  let accepted: Socket[];
  let dialled: Socket[];
  beforeEach(async () => {
    accepted = [];
    dialled = [];
    server = await echoServer(accepted);
    const { port } = server.address() as { readonly port: number };
    proxy = await LinkProxy.listen(0, { host: "127.0.0.1", port });
  });
  afterEach(async () => {
    for (const socket of dialled) socket.destroy();
    await proxy.close();
    for (const socket of accepted) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  /** `heard` grows with what comes back. */
  const join = (first = HELLO): { readonly socket: Socket; heard: () => string } => {
    let text = "";
    const socket = dial(proxy.port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk;
    });
    dialled.push(socket);
    socket.write(first);
    return { socket, heard: () => text };
  };
  const soon = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 5_000, interval: 5 });

  test("everything passes, whichever way the first line was split", async () => {
    const { socket, heard } = join(HELLO.slice(0, 10));
    await soon(() => expect(heard()).toBe("INFO {}\r\n"));
    socket.write(`${HELLO.slice(10)}PING\r\n`);
    await soon(() => expect(heard()).toBe(`INFO {}\r\n${HELLO}PING\r\n`));
    expect(proxy.forwardedBytes("eu")).toBe(2 * (HELLO.length + 6));
  });

  test("H10: a cut swallows both ways without closing, the heal destroys what lived through it and lets new ones pass", async () => {
    const old = join();
    await soon(() => expect(old.heard()).toContain(HELLO));
    proxy.cut("eu");
    const atCut = proxy.forwardedBytes("eu");
    old.socket.write("PING\r\n");
    const during = join();
    accepted[0]?.write("news\r\n");
    const ap = join(HELLO.replace("eu", "ap"));
    await soon(() => expect(ap.heard()).toContain("ap"));
    await soon(() => expect(accepted).toHaveLength(3));
    expect(during.heard()).not.toContain("CONNECT");
    expect(old.heard()).toBe(`INFO {}\r\n${HELLO}`);
    expect(proxy.forwardedBytes("eu")).toBe(atCut);
    expect(old.socket.destroyed || during.socket.destroyed).toBe(false);
    proxy.heal("eu");
    await soon(() => expect(old.socket.destroyed && during.socket.destroyed).toBe(true));
    expect(ap.socket.destroyed).toBe(false);
    const fresh = join();
    await soon(() => expect(fresh.heard()).toContain(HELLO));
  });

  test("nobody but a gateway gets through", async () => {
    const { socket } = join("GET / HTTP/1.1\r\n");
    await soon(() => expect(socket.destroyed).toBe(true));
  });

  test("a delay holds bytes back one way and keeps their order, also when it is shortened under way", async () => {
    const { socket, heard } = join();
    await soon(() => expect(heard()).toContain(HELLO));
    proxy.setDelay("eu", { inMs: 80, outMs: 0 });
    const sentMs = performance.now();
    for (let i = 0; i < 10; i += 1) socket.write(`${i} `);
    await soon(() => expect(heard()).toContain("9 "));
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(75);
    socket.write("slow ");
    proxy.setDelay("eu", { inMs: 0, outMs: 0 });
    socket.write("fast ");
    await soon(() => expect(heard().endsWith("slow fast ")).toBe(true));
  });
});
