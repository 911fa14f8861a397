/** What every ConnectionRegistry promises, sentence by sentence; run on each adapter. */
import { afterEach, describe, expect, test } from "vitest";
import type { ConnectionRegistry, GatewaySessions, Session } from "./connection-registry.ts";

const session = (connection: string, user: string, given: Partial<Session> = {}): Session => ({
  connection,
  user,
  status: "online",
  sinceMs: 1_000,
  channels: [],
  ...given,
});

/** Sessions by gateway, in an order that can be compared. */
export async function sessionsIn(registry: ConnectionRegistry): Promise<Readonly<Record<string, readonly Session[]>>> {
  const found: Record<string, Session[]> = {};
  for await (const { gateway, sessions } of registry.read() as AsyncIterable<GatewaySessions>)
    (found[gateway] ??= []).push(...sessions.map((one) => ({ ...one, channels: [...one.channels] })));
  for (const sessions of Object.values(found)) sessions.sort((a, b) => (a.connection < b.connection ? -1 : 1));
  return found;
}

/** `open(region, gateway)` joins the registry of a region as one of its gateways. */
export function connectionRegistryContract(name: string, open: (region: string, gateway: string) => Promise<ConnectionRegistry>): void {
  describe(`connection registry: ${name}`, () => {
    const opened: ConnectionRegistry[] = [];
    let count = 0;
    /** A region no other test has. */
    const fresh = (): string => `r${process.pid}-${(count += 1)}`;
    const join = async (region: string, gateway: string): Promise<ConnectionRegistry> => {
      const registry = await open(region, gateway);
      opened.push(registry);
      return registry;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((registry) => registry.close()));
    });

    test("a registry nobody has written to holds nobody", async () => {
      const registry = await join(fresh(), "g1");
      expect(await sessionsIn(registry)).toEqual({});
      expect(await registry.who(["ana"])).toEqual(new Map());
    });

    test("what was put is read as it was put last, channels and all", async () => {
      const registry = await join(fresh(), "g1");
      registry.put(session("c1", "ana", { channels: ["a", "b"] }));
      registry.put(session("c2", "ben"));
      registry.put(session("c1", "ana", { status: "away", sinceMs: 2_000, channels: ["b"] }));
      await registry.written();
      expect(await sessionsIn(registry)).toEqual({
        g1: [session("c1", "ana", { status: "away", sinceMs: 2_000, channels: ["b"] }), session("c2", "ben")],
      });
    });

    test("a connection that was removed is read no more; removing it again does nothing", async () => {
      const registry = await join(fresh(), "g1");
      registry.put(session("c1", "ana"));
      await registry.written();
      registry.remove("c1");
      registry.remove("c1");
      registry.put(session("c2", "ben"));
      registry.remove("c2");
      await registry.written();
      expect(await sessionsIn(registry)).toEqual({});
    });

    test("a user is online when any of their connections is, over all gateways of the region", async () => {
      const region = fresh();
      const [one, other] = [await join(region, "g1"), await join(region, "g2")];
      one.put(session("c1", "ana", { status: "away", sinceMs: 1_000 }));
      one.put(session("c2", "ben", { status: "away", sinceMs: 1_000 }));
      other.put(session("c3", "ana", { status: "online", sinceMs: 3_000 }));
      await Promise.all([one.written(), other.written()]);
      expect(await one.who(["ana", "ben", "eve"])).toEqual(
        new Map([
          ["ana", { status: "online", sinceMs: 3_000 }],
          ["ben", { status: "away", sinceMs: 1_000 }],
        ]),
      );
      other.remove("c3");
      await other.written();
      expect((await one.who(["ana"])).get("ana")).toEqual({ status: "away", sinceMs: 1_000 });
    });

    test("every gateway reads all gateways of its region, and none of another region", async () => {
      const [region, foreign] = [fresh(), fresh()];
      const [one, other, stranger] = [await join(region, "g1"), await join(region, "g2"), await join(foreign, "g1")];
      one.put(session("c1", "ana"));
      other.put(session("c2", "ben"));
      stranger.put(session("c3", "eve"));
      await Promise.all([one.written(), other.written(), stranger.written()]);
      expect(await sessionsIn(other)).toEqual({ g1: [session("c1", "ana")], g2: [session("c2", "ben")] });
      expect(await sessionsIn(stranger)).toEqual({ g1: [session("c3", "eve")] });
      expect(await stranger.who(["ana"])).toEqual(new Map());
    });

    test("a gateway that closes takes its sessions along and leaves those of others", async () => {
      const region = fresh();
      const [one, other] = [await join(region, "g1"), await open(region, "g2")];
      one.put(session("c1", "ana"));
      other.put(session("c2", "ben"));
      await Promise.all([one.written(), other.written()]);
      await other.close();
      expect(await sessionsIn(one)).toEqual({ g1: [session("c1", "ana")] });
    });

    test("ten thousand connections are put at once and read back", async () => {
      const registry = await join(fresh(), "g1");
      for (let i = 0; i < 10_000; i += 1) registry.put(session(`c${i}`, `u${i % 5_000}`, { channels: [`x${i % 7}`] }));
      await registry.written();
      expect((await sessionsIn(registry))["g1"]).toHaveLength(10_000);
      expect((await registry.who(["u1", "u4999"])).size).toBe(2);
    });
  });
}
