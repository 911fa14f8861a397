/** Observers over real HTTP: a region's door says whether it is ready, and what its gateway sees of the others. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Order } from "../../geodns/orders.ts";
import type { GeoRegion } from "../../geodns/region.ts";
import { STEERING } from "../../geodns/steering-settings.ts";
import { openRealTimers } from "../real-timers.ts";
import { type Observer, openObserver } from "./observer.ts";
import type { ToldDocument } from "./told.ts";

/** On a busy machine a look takes its time; what is awaited is a state. */
const SOON = { timeout: 20_000, interval: 10 };
const KEY = "the mesh's own";
const up = { state: "up", why: "ready", settled: true } as const;
const down = { state: "down", why: "no answer", settled: true } as const;

class Door {
  readonly server: Server;
  readonly name: string;
  told: Partial<ToldDocument> | "garbage" = {};
  asked = 0;
  constructor(name: string) {
    this.name = name;
    this.server = createServer((request, answer) => {
      if (request.url?.startsWith("/readyz")) return void answer.end("ready\n");
      this.asked += 1;
      if (request.headers.authorization !== `Bearer ${KEY}`) return void answer.writeHead(403).end();
      if (this.told === "garbage") return void answer.end('{"region":"us","looks":7');
      const whole = {
        region: name,
        looks: {},
        returning: {},
        load: 0,
        converged: false,
        cutOffMs: 0,
        connections: 0,
        replicatedToMs: null,
        move: null,
      };
      answer.end(JSON.stringify({ ...whole, ...this.told }));
    });
  }
  async open(): Promise<GeoRegion> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    return { name: this.name, url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}` };
  }
  async die(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}

describe("an observer", () => {
  const doors: Door[] = [];
  let observer: Observer | undefined;
  const news: Order[] = [];
  let steering = STEERING;
  async function observe(settings = { ...STEERING, everyMs: 30, timeoutMs: 5_000 }): Promise<readonly Door[]> {
    steering = settings;
    doors.push(new Door("us"), new Door("eu"), new Door("ap"));
    const regions = await Promise.all(doors.map((door) => door.open()));
    observer = openObserver({
      regions: () => regions,
      settings: () => steering,
      timers: openRealTimers(),
      key: KEY,
      onOrders: (orders) => void news.push(...orders),
    });
    return doors;
  }
  const healthOf = (name: string) => observer!.world().health.get(name);
  const becomes = (name: string, state: string, timeout = SOON.timeout) =>
    vi.waitFor(() => expect(healthOf(name)?.state).toBe(state), { ...SOON, timeout });
  afterEach(async () => {
    observer?.close();
    await Promise.all(doors.splice(0).map((door) => (door.server.listening ? door.die() : undefined)));
    news.length = 0;
  });

  test("takes a region for down only when the others reach it no more either", async () => {
    const [us, eu, ap] = (await observe()) as [Door, Door, Door];
    await becomes("us", "up");
    eu.told = { looks: { us: up } };
    ap.told = { looks: { us: up } };
    await vi.waitFor(() => expect(eu.asked).toBeGreaterThan(3), SOON);
    await us.die();
    await vi.waitFor(() => expect(healthOf("us")?.why).toContain("1 of 3 places do not reach it"), SOON);
    eu.told = { looks: { us: down } };
    await vi.waitFor(() => expect(healthOf("us")?.why).toContain("2 of 3 places do not reach it"), SOON);
    expect(healthOf("us")?.state).toBe("up");
    ap.told = { looks: { us: down } };
    await becomes("us", "down");
    expect(healthOf("us")?.why).toContain("seen from 3 places");
  });
  test("follows settings that change while it looks: what was a passing partition is none by a shorter threshold (T7)", async () => {
    const [us, eu, ap] = (await observe()) as [Door, Door, Door];
    await becomes("us", "up");
    eu.told = { looks: { us: up } };
    ap.told = { looks: { us: down } };
    await us.die();
    await vi.waitFor(() => expect(healthOf("us")?.why).toContain("2 of 3 places do not reach it"), SOON);
    expect(healthOf("us")?.state).toBe("up");
    steering = { ...steering, everyMs: 10, redirectAfterMs: 50 };
    await becomes("us", "cut-off");
    steering = { ...steering, redirectAfterMs: 3_600_000 };
    await becomes("us", "up");
  });
  test("explains nothing while it is finding out: a region is called up no more when it is asked after others know", async () => {
    const [us, eu, ap] = (await observe()) as [Door, Door, Door];
    await becomes("us", "up");
    eu.told = { looks: { us: up } };
    ap.told = { looks: { us: up } };
    await vi.waitFor(() => expect(observer?.heard("ap")?.looks["us"]?.state).toBe("up"), SOON);
    await us.die();
    await vi.waitFor(() => expect(observer?.looks().get("us")?.settled).toBe(false), SOON);
    eu.told = { looks: { us: down } };
    ap.told = { looks: { us: down } };
    await observer?.settled();
    expect(healthOf("us")?.state).toBe("down");
  });
  test("does not wait for ever where some reach a region and others do not", async () => {
    const [us, eu, ap] = (await observe({ ...STEERING, everyMs: 30, timeoutMs: 200 })) as [Door, Door, Door];
    await becomes("us", "up");
    eu.told = { looks: { us: up } };
    ap.told = { looks: { us: up } };
    await vi.waitFor(() => expect(observer?.heard("ap")?.looks["us"]?.state).toBe("up"), SOON);
    await observer?.settled();
    await us.die();
    await vi.waitFor(() => expect(healthOf("us")?.why).toContain("1 of 3 places do not reach it"), SOON);
    await observer?.settled();
    expect(healthOf("us")?.state).toBe("up");
  });
  test("does not count what others said too long ago, nor what is no document", async () => {
    const [us, eu, ap] = (await observe()) as [Door, Door, Door];
    eu.told = { looks: { us: up } };
    await becomes("us", "up");
    await us.die();
    await vi.waitFor(() => expect(healthOf("us")?.why).toContain("places do not reach it"), SOON);
    eu.told = "garbage";
    ap.told = "garbage";
    await becomes("us", "down");
    expect(healthOf("eu")?.state).toBe("up");
  });
  test("follows orders whoever tells them, the later of two, and tells of each once", async () => {
    const [, eu, ap] = (await observe()) as [Door, Door, Door];
    const drain = (atMs: number, drained: boolean): Order => ({
      kind: "drain",
      target: "us",
      drained,
      ratePerSecond: null,
      atMs,
      id: `o${atMs}`,
      by: "ops",
      region: "eu",
    });
    eu.told = { orders: { version: "b.1", all: [drain(2_000, true)] } };
    await becomes("us", "drained");
    ap.told = { orders: { version: "c.1", all: [drain(1_000, false)] } };
    await vi.waitFor(() => expect(ap.asked).toBeGreaterThan(20), SOON);
    expect(healthOf("us")?.state).toBe("drained");
    ap.told = { orders: { version: "c.2", all: [drain(3_000, false)] } };
    await becomes("us", "up");
    expect(healthOf("us")?.share).toBeCloseTo(0.1, 2);
    expect(news.map(({ id }) => id)).toEqual(["o2000", "o3000"]);
  });
  test("with the default thresholds a region that dies is offered to nobody within 15 s, and never again while it is dead", async () => {
    const [us] = (await observe(STEERING)) as [Door];
    await becomes("us", "up");
    await us.die();
    const diedMs = performance.now();
    await becomes("us", "down", 15_000);
    console.log(`offered to nobody ${Math.round(performance.now() - diedMs)} ms after its death, looked at every ${STEERING.everyMs} ms`);
    for (const untilMs = performance.now() + 5_000; performance.now() < untilMs; await new Promise((go) => setTimeout(go, 20)))
      expect(healthOf("us")?.state).toBe("down");
  }, 30_000);
});
