import { expect, test } from "vitest";
import { realTimers, until } from "./gateway.test-model.ts";
import { DEFAULT_LIMITS } from "./parts.ts";
import { openRates } from "./rates.ts";

const asked = async (ask: () => Promise<unknown>): Promise<string> => ask().then(() => "ok", ({ code }: { readonly code: string }) => code); // biome-ignore format: one thought

test("who asks more often than the region allows is refused, and others are not", async () => {
  const rates = openRates({ ...DEFAULT_LIMITS, commandsPerSecond: 1 }, realTimers);
  expect(await Promise.all(["ana", "ana", "ana", "ben"].map((user) => asked(() => rates.command(user))))).toEqual([
    "ok",
    "ok",
    "too-many-requests",
    "ok",
  ]);
  expect(await asked(() => rates.read("ana"))).toBe("ok");
});

test("a long answer counts for more than a short one", async () => {
  const rates = openRates({ ...DEFAULT_LIMITS, readsPerSecond: 200 }, realTimers);
  const answered = await rates.read("ana");
  answered(400 * 16_384);
  expect(await asked(() => rates.read("ana"))).toBe("too-many-requests");
  expect(await asked(() => rates.read("ben"))).toBe("ok");
});

test("questions of one user wait for each other when they are many, and none is forgotten", async () => {
  const rates = openRates(DEFAULT_LIMITS, realTimers);
  let open = 0;
  let most = 0;
  const ask = async (): Promise<void> => {
    const answered = await rates.read("ana");
    open += 1;
    most = Math.max(most, open);
    await new Promise((later) => setImmediate(later));
    open -= 1;
    answered(100);
  };
  await Promise.all(Array.from({ length: 500 }, ask));
  expect([open, most]).toEqual([0, 32]);
});

test("of one user who reads no answer no more questions wait than may be asked at once", async () => {
  const rates = openRates({ ...DEFAULT_LIMITS, readsPerSecond: 50 }, realTimers);
  const said = new Map<string, number>();
  const asking = Array.from({ length: 1_000 }, () =>
    asked(() => rates.read("ana")).then((answer) => said.set(answer, (said.get(answer) ?? 0) + 1)),
  );
  await until(() => said.size === 2, "some are open, the others refused");
  await new Promise((later) => setImmediate(later));
  expect([
    said.get("ok"),
    said.get("too-many-requests"),
    asking.length - (said.get("ok") ?? 0) - (said.get("too-many-requests") ?? 0),
  ]).toEqual([32, 868, 100]);
  expect(await asked(() => rates.read("ben"))).toBe("ok");
  rates.end();
});

test("what a user asks is told to the region together, and its no takes effect here", async () => {
  const told: string[] = [];
  const rates = openRates(DEFAULT_LIMITS, realTimers, {
    spend: async (kind, user, points) => {
      told.push(`${user} ${kind} ${points}`);
      return user === "ana" ? 60_000 : 0;
    },
    close: async () => {},
  });
  for (const user of ["ana", "ana", "ben"]) await rates.command(user);
  await until(() => told.length === 2, "it is told");
  expect(told).toEqual(["ana command 2", "ben command 1"]);
  expect(await asked(() => rates.command("ana"))).toBe("too-many-requests");
  expect(await asked(() => rates.command("ben"))).toBe("ok");
  expect(await asked(() => rates.read("ana"))).toBe("ok");
  rates.end();
});

test("P1: a region's count that never answers holds nobody up", async () => {
  const rates = openRates(DEFAULT_LIMITS, realTimers, { spend: () => new Promise(() => {}), close: async () => {} });
  for (let i = 0; i < 100; i += 1) await rates.command("ana");
  rates.end();
});
