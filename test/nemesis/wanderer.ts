/**
 * People who read along over sockets and change regions while they do, with nothing but their last cursor (L4). They speak the protocol themselves:
 * witnesses of what regions say, beside those who hear it through the client library (traveller.ts).
 */
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import type { MeshUnderTest } from "../e2e/atoll.ts";
import type { Random } from "../simulation/random.ts";
import { Ledger, type Told } from "./told.ts";

interface Frame {
  readonly type: string;
  readonly cursor?: string;
  readonly event?: Told;
  readonly items?: readonly Told[];
}
export interface WandererOptions {
  readonly mesh: MeshUnderTest;
  readonly user: string;
  readonly token: string;
  readonly channel: string;
  readonly random: Random;
}

const AGAIN_MS = 300;
const STAYS_MS = { from: 2_000, to: 9_000 };

export class Wanderer {
  readonly user: string;
  readonly ledger = new Ledger();
  readonly #options: WandererOptions;
  #cursor: string | undefined;
  #socket: WebSocket | undefined;
  /** As they were before anything broke: a mesh that is down says nothing of them. */
  readonly #regions: readonly string[];
  #region: string;
  #ended = false;
  #welcomed = false;
  moves = 0;

  constructor(options: WandererOptions) {
    this.#options = options;
    this.user = options.user;
    this.#regions = options.mesh.regions();
    this.#region = options.random.pick(this.#regions);
    this.#connect();
    void this.#wander();
  }

  get isReady(): boolean {
    return this.#welcomed;
  }
  /** Stays where they are from now on. */
  settle(): void {
    this.#ended = true;
  }
  close(): void {
    this.#ended = true;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
  }

  async #wander(): Promise<void> {
    const { random } = this.#options;
    for (;;) {
      await pause(random.between(STAYS_MS.from, STAYS_MS.to));
      if (this.#ended) return;
      this.#region = random.pick(this.#regions);
      this.moves += 1;
      if (random.chance(0.5)) this.#socket?.terminate();
      else this.#socket?.close(1000);
    }
  }

  #connect(): void {
    const { mesh, token, channel } = this.#options;
    const socket = new WebSocket(`${mesh.url(this.#region).replace("http", "ws")}/v1/connect`, "atoll.v1");
    this.#socket = socket;
    this.#welcomed = false;
    const cursor = this.#cursor === undefined ? {} : { cursor: this.#cursor };
    socket.on("open", () => socket.send(JSON.stringify({ type: "hello", protocol: 1, token, channels: [channel], ...cursor })));
    socket.on("message", (data) => this.#take(JSON.parse(String(data)) as Frame));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      if (this.#socket === socket) setTimeout(() => this.#socket === socket && this.#connect(), AGAIN_MS);
    });
  }

  #take({ type, cursor, event, items }: Frame): void {
    if (cursor !== undefined) this.#cursor = cursor;
    if (type === "welcome") this.#welcomed = true;
    for (const one of event === undefined ? (type === "events" ? (items ?? []) : []) : [event]) this.ledger.hear(one);
  }
}
