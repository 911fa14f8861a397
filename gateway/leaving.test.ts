import { Agent, request } from "node:http";
import { expect, test } from "vitest";
import { openTestGateway, tokenOf, until } from "./gateway.test-model.ts";

/** A question over a kept connection; resolves with the answer's `connection` header, rejects when nobody listens. */
const ask = (agent: Agent, url: string, token = ""): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume().once("end", () => resolve(response.headers.connection));
    })
      .once("error", reject)
      .end();
  });

test("H10: a gateway that leaves lets go of kept connections too: who always has a question on its way is told to go", async () => {
  let answer: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let asked = 0;
  const { gateway, url } = await openTestGateway({
    verifier: {
      verify: async () => {
        asked += 1;
        await held;
        return { equal: true, asOf: {}, digest: null, regions: {}, differences: [] };
      },
    },
  });
  const token = await tokenOf("ops", { roles: ["operator"] });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const onTheWay = ask(agent, `${url}/v1/verify`, token);
  await until(() => asked === 1, "the question is on its way");
  const drained = gateway.drain();
  const next = ask(agent, `${url}/healthz`); // waits for the kept connection
  next.catch(() => {});
  answer();
  expect(await onTheWay).toBe("close");
  await expect(next).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
  await drained;
  agent.destroy();
  await gateway.close();
});
