/**
 * Catch-up under everything that can come between (L4, H2, H3): two regions that have applied different parts of each other's logs, a client
 * that follows three channels, reconnects from any frame it ever got, here or there, while events go on.
 */
import { expect, test } from "vitest";
import type { Kept } from "./fake-region.test-model.ts";
import { FakeRegion } from "./fake-region.test-model.ts";
import type { Frame, Opened } from "./gateway.test-model.ts";
import { openTestGateway, Socket, until } from "./gateway.test-model.ts";

/** mulberry32 */
function random(seed: number) {
  let a = seed;
  const next = (): number => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, below: (n: number) => Math.floor(next() * n) };
}

const CHANNELS = ["one", "two", "three"];
const positionsIn = (frames: readonly Frame[]): readonly string[] =>
  frames
    .flatMap((frame) =>
      frame.type === "event"
        ? [frame["event"] as { position: string }]
        : frame.type === "events"
          ? (frame["items"] as { position: string }[])
          : [],
    )
    .map(({ position }) => position);

class World {
  readonly regions = [new FakeRegion("us"), new FakeRegion("eu")];
  readonly logs: { readonly channel: string; readonly kept: Kept }[][] = [[], []];
  readonly reached = [0, 0];
  readonly channels: readonly string[];
  opened: Opened[] = [];

  constructor() {
    const made = this.regions.map((region) => CHANNELS.map((name) => region.channel(name, { ana: "owner", ben: "member" })));
    this.channels = made[0] ?? [];
  }
  async open(): Promise<void> {
    this.opened = await Promise.all(
      this.regions.map((region) => openTestGateway({ limits: { catchUpPage: 3, connectionsPerUser: 1_000 } }, region)),
    );
  }
  async close(): Promise<void> {
    for (const { gateway } of this.opened) await gateway.close();
    expect(this.opened.flatMap(({ errors }) => errors)).toEqual([]);
  }
  /** Something happens in one region. */
  write(at: number, dice: number): void {
    const channel = this.channels[dice % 3] ?? "";
    const kinds = [
      { kind: "message.sent", actor: "ben", data: { body: "x".repeat(dice % 7) } },
      { kind: "message.sent", actor: "ana", data: { body: "y" } },
      { kind: "member.set", actor: "ben", data: { user: "ana", role: "owner" } },
      { kind: "read.marked", actor: "ana", data: { message: "m" } },
    ];
    this.regions[at]?.apply(channel, kinds[dice % 11 < 8 ? dice % 2 : (dice % 2) + 2] as (typeof kinds)[0]);
    const kept = this.regions[at]?.log.at(-1);
    if (kept !== undefined) this.logs[at]?.push({ channel, kept });
  }
  /** A region applies the next event of the other. */
  replicate(into: number): boolean {
    const next = this.logs[1 - into]?.[this.reached[into] ?? 0];
    if (next === undefined) return false;
    this.reached[into] = (this.reached[into] ?? 0) + 1;
    this.regions[into]?.take(next.kept, next.channel);
    return true;
  }
  all(): readonly string[] {
    return this.logs.flat().map(({ kept }) => kept.wire.position);
  }
}

class Client {
  readonly #world: World;
  readonly #dice: ReturnType<typeof random>;
  at = 0;
  had: readonly string[] = [];
  cursor: string | undefined;
  socket: Socket | undefined;
  /** Frames before this index may not be resumed from: a channel was not followed then. */
  #safeFrom = 0;

  constructor(world: World, dice: ReturnType<typeof random>) {
    this.#world = world;
    this.#dice = dice;
  }
  shown = (): readonly string[] => this.#world.channels.map((channel) => this.#world.regions[0]?.shown(channel) ?? "");

  async connect(at: number): Promise<void> {
    this.at = at;
    const named = this.#dice.next() < 0.5;
    const hello = { ...(this.cursor === undefined ? {} : { cursor: this.cursor }), ...(named ? { channels: this.shown() } : {}) };
    this.socket = await Socket.of(this.#world.opened[at]?.url ?? "", "ana", hello);
    this.#safeFrom = 0;
    if (!named) for (const channel of this.shown()) this.socket.say({ type: "subscribe", id: channel, channel });
  }
  /** The socket dies; the client had read up to some frame of it, and goes on elsewhere from that frame's cursor. */
  async move(): Promise<void> {
    const frames = this.socket?.frames ?? [];
    const candidates = frames.flatMap((frame, i) => (typeof frame["cursor"] === "string" && i >= this.#safeFrom ? [i] : []));
    const last = candidates[this.#dice.below(candidates.length)] ?? 0;
    this.had = [...this.had, ...positionsIn(frames.slice(0, last + 1))];
    this.cursor = String(frames[last]?.["cursor"]);
    this.socket?.raw.terminate();
    await this.connect(this.#dice.below(2));
  }
  async refollow(): Promise<void> {
    const channel = this.shown()[this.#dice.below(3)];
    if (this.socket === undefined || (await this.socket.ask({ type: "unsubscribe", channel }))["ok"] !== true) return;
    this.#world.write(this.at, this.#dice.below(1_000));
    await this.socket.ask({ type: "subscribe", channel });
    this.#safeFrom = this.socket.frames.length;
  }
  seen(): readonly string[] {
    return [...this.had, ...positionsIn(this.socket?.frames ?? [])];
  }
}

let world: World;

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
  "L4: whatever comes between, each event reaches the client exactly once (seed %i)",
  async (seed) => {
    const dice = random(seed);
    world = new World();
    await world.open();
    for (const region of world.regions) region.tellsLater = seed % 3 === 0;
    const client = new Client(world, dice);
    await client.connect(0);
    for (let step = 0; step < 150; step += 1) {
      const what = dice.next();
      if (what < 0.45) world.write(dice.below(2), dice.below(1_000));
      else if (what < 0.75) world.replicate(dice.below(2));
      else if (what < 0.85) await new Promise(setImmediate);
      else if (what < 0.9) for (const region of world.regions) region.tell();
      else if (what < 0.93) await client.refollow();
      else await client.move();
    }
    while (world.replicate(0) || world.replicate(1));
    for (const region of world.regions) region.tell();
    await until(() => new Set(client.seen()).size >= world.all().length, `all of ${world.all().length} events`).catch(() => {});
    await client.socket?.drained();
    const seen = client.seen();
    expect(world.all().filter((position) => !seen.includes(position))).toEqual([]);
    expect(seen.filter((position, i) => seen.indexOf(position) !== i)).toEqual([]);
    await world.close();
  },
);

test.each([1, 2, 3])("L4: any cursor of any frame resumes without a hole or a repeat (seed %i)", async (seed) => {
  const dice = random(1_000 + seed);
  world = new World();
  await world.open();
  for (let i = 0; i < 40; i += 1) world.write(dice.below(2), dice.below(1_000));
  for (let i = 0; i < 25; i += 1) world.replicate(dice.below(2));
  const start = await Socket.of(world.opened[0]?.url ?? "", "ana");
  await start.end();
  const from = (await Socket.of(world.opened[1]?.url ?? "", "ana")).frames[0]?.["cursor"];
  const client = new Client(world, dice);
  const first = await Socket.of(world.opened[0]?.url ?? "", "ana", { cursor: from });
  for (const channel of client.shown()) {
    first.say({ type: "subscribe", id: channel, channel });
    world.write(0, dice.below(1_000));
    await new Promise(setImmediate);
    world.replicate(0);
    world.write(0, dice.below(1_000));
  }
  while (world.replicate(0) || world.replicate(1));
  await until(() => first.ofType("caught-up").length === 3, "caught up");
  await first.drained();
  const whole = [...positionsIn(first.frames)].sort();
  for (const [i, frame] of first.frames.entries()) {
    if (typeof frame["cursor"] !== "string") continue;
    const again = await Socket.of(world.opened[i % 2]?.url ?? "", "ana", { cursor: frame["cursor"], channels: client.shown() });
    await until(() => again.ofType("caught-up").length === 3, "caught up again");
    await again.drained();
    expect([...positionsIn(first.frames.slice(0, i + 1)), ...positionsIn(again.frames)].sort()).toEqual(whole);
    await again.end();
  }
  await world.close();
});
