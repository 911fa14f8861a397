/** Who is no client of HTTP is told so (odd-clients.test.ts), and let go of. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, test } from "vitest";
import { answerBroken } from "./broken-requests.ts";
import { realTimers, until } from "./gateway.test-model.ts";

test("who neither reads nor ends the line after the answer is not kept", async () => {
  const later: (() => void)[] = [];
  const server = createServer().listen(0, "127.0.0.1");
  const after = (_ms: number, run: () => void) => {
    later.push(run);
    return { cancel: () => {} };
  };
  answerBroken(server, { ...realTimers, after });
  await once(server, "listening");
  const socket = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {}).write("NONSENSE\r\n\r\n");
  await until(() => later.length > 0, "an answer");
  const open = () => new Promise<number>((done) => server.getConnections((_error, count) => done(count)));
  expect(await open()).toBe(1);
  for (const run of later) run();
  let left = 1;
  void open().then(function look(count): unknown {
    left = count;
    return count === 0 ? undefined : open().then(look);
  });
  await until(() => left === 0, "nobody is connected");
  socket.destroy();
  server.close();
});
