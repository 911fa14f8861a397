/**
 * Follows a peer's log the way the real one does (nats.md): the local mirror's deliveries and an own pull feed one gate. Deliveries come repeated
 * and now and then one goes missing, which the next one shows as a hole.
 */
import type { FollowOptions, PeerTail } from "../../core/ports/peer-link.ts";
import type { Life } from "./life.ts";
import type { LogServer } from "./log-server.ts";
import type { Mirror } from "./mirror.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";

const PULL_BATCH = 64;
const PULL_TIMEOUT_MS = 1_500;

export interface TailParts {
  readonly region: string;
  readonly life: Life;
  readonly mirror: Mirror;
  readonly origin: LogServer;
  readonly owner: LogServer;
  readonly network: Network;
  readonly random: Random;
}

class FakeTail implements PeerTail {
  readonly #options: FollowOptions;
  readonly #parts: TailParts;
  /** The sequence the mirror's subscription gives next. */
  #next: number;
  #feeding = false;
  #pulling = 0;
  #lastHead = 0;
  #stopped = false;
  readonly #grow = (): void => this.#feed();

  constructor(options: FollowOptions, parts: TailParts) {
    this.#options = options;
    this.#parts = parts;
    this.#next = options.position() + 1;
    parts.mirror.onGrow.add(this.#grow);
    this.#feed();
  }

  heard(head: number): void {
    const position = this.#options.position();
    const late = this.#lastHead > position;
    this.#lastHead = head;
    if (head > position && late && this.#pulling === 0 && !this.#stopped) this.#pull();
  }

  mirrorHead(): Promise<number> {
    const { life, owner, mirror } = this.#parts;
    return new Promise((resolve, reject) => {
      life.after(1, () => (owner.up ? resolve(mirror.texts.length) : reject(new Error("the log server is down"))));
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts.mirror.onGrow.delete(this.#grow);
  }

  #feed(delayMs = 1): void {
    if (this.#feeding || this.#stopped) return;
    this.#feeding = true;
    this.#parts.life.after(delayMs, () => {
      this.#feeding = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { random, owner, mirror } = this.#parts;
    if (this.#stopped || this.#parts.life.ended) return;
    if (!owner.up) {
      this.#feed(200);
      return;
    }
    if (random.chance(0.03)) this.#next = Math.max(1, this.#next - random.below(4));
    if (random.chance(0.02) && this.#next < mirror.texts.length) this.#next += 1;
    const text = mirror.texts[this.#next - 1];
    if (text === undefined) return;
    const answer = this.#options.accept(this.#next, text);
    if (answer === "full") {
      this.#feed(100);
      return;
    }
    this.#next = answer === "hole" ? this.#options.position() + 1 : this.#next + 1;
    this.#feed(answer === "hole" ? 20 : 0);
  }

  #pull(): void {
    const { region, life, origin, network } = this.#parts;
    const { position, peer, epoch } = this.#options;
    const mine = ++this.#pulling;
    life.after(PULL_TIMEOUT_MS, () => {
      if (this.#pulling === mine) this.#pulling = 0;
    });
    const from = position();
    network.send(region, peer, () => {
      if (!origin.up) return;
      const batch = origin.epoch(epoch).texts.slice(from, from + PULL_BATCH);
      network.send(peer, region, () => life.deliver(() => this.#take(mine, from, batch)));
    });
  }

  /** A hole or a full gate ends the pull; the next beat tries again. */
  #take(mine: number, from: number, batch: readonly string[]): void {
    if (this.#stopped) return;
    for (const [index, text] of batch.entries()) {
      const answer = this.#options.accept(from + index + 1, text);
      if (answer === "hole" || answer === "full") break;
    }
    if (this.#pulling === mine) this.#pulling = 0;
  }
}

export const followPeer = (options: FollowOptions, parts: TailParts): PeerTail => new FakeTail(options, parts);
