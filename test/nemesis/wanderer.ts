/**
 * People who read along over sockets and change regions while they do, with nothing but their last cursor (L4): each must be told everything that
 * was accepted once, and what one author said in one region in the order in which it was said (L5).
 */
import { setTimeout as pause } from "node:timers/promises";
import { WebSocket } from "ws";
import type { MeshUnderTest } from "../e2e/atoll.ts";
import type { Random } from "../simulation/random.ts";

interface Told {
  readonly position: string;
  readonly kind: string;
  readonly actor: string;
  readonly command: string;
}
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
  /** "author command" -> how often it was told. */
  readonly #told = new Map<string, number>();
  readonly #positions = new Set<string>();
  /** "author in region" -> commands as they came. */
  readonly #order = new Map<string, string[]>();
  readonly #options: WandererOptions;
  #cursor: string | undefined;
  #socket: WebSocket | undefined;
  /** As they were before anything broke: a mesh that is down says nothing of them. */
  readonly #regions: readonly string[];
  #region: string;
  #ended = false;
  #welcomed = false;
  readonly #again: string[] = [];
  moves = 0;

  constructor(options: WandererOptions) {
    this.#options = options;
    this.user = options.user;
    this.#regions = options.mesh.regions();
    this.#region = options.random.pick(this.#regions);
    this.#connect();
    void this.#wander();
  }

  get isWelcome(): boolean {
    return this.#welcomed;
  }
  /** Events that were told twice, and commands that were told as two events. `retried`: those that two regions may both have taken. */
  twice(retried: ReadonlySet<string>): readonly string[] {
    const two = [...this.#told].filter(([command, times]) => times > (retried.has(command) ? 2 : 1));
    return [...this.#again, ...two.map(([command]) => command)];
  }
  missing(commands: Iterable<string>): readonly string[] {
    return [...commands].filter((command) => !this.#told.has(command));
  }
  /** "earlier before later" for each pair that came the other way round. `retried`: their place is nobody's promise. */
  disorder(retried: ReadonlySet<string>): readonly string[] {
    return [...this.#order].flatMap(([line, commands]) => {
      const said = commands
        .filter((command) => !retried.has(command))
        .map((command) => Number(command.slice(command.lastIndexOf("-") + 1)));
      return said.flatMap((nth, i) => (i > 0 && nth < (said[i - 1] ?? 0) ? [`${line}: ${said[i - 1]} before ${nth}`] : []));
    });
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
    for (const one of event === undefined ? (type === "events" ? (items ?? []) : []) : [event]) this.#hear(one);
  }

  #hear({ position, kind, actor, command }: Told): void {
    if (!/^(message|reaction)\./.test(kind)) return;
    const key = `${actor} ${command}`;
    if (this.#positions.has(position)) this.#again.push(`${key} at ${position}`);
    else this.#told.set(key, (this.#told.get(key) ?? 0) + 1);
    this.#positions.add(position);
    const line = `${actor} in ${position.slice(0, position.indexOf("."))}`;
    const said = this.#order.get(line) ?? [];
    said.push(key);
    this.#order.set(line, said);
  }
}
