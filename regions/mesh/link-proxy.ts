/**
 * Stands before one region's gateway listener, so that a link can be cut without being root (hard parts H10). Peers dial it instead of the listener
 * and name themselves in the first line they send. A cut is a black hole: sockets stay open and swallow everything, as a broken cable does; the
 * heal destroys every socket that lived through it, so that both servers dial anew at once.
 *
 * A pair of regions is two one-way connections, each through the proxy of the region dialled: to cut a pair, both proxies are told.
 */
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";

/** One way; from the peer into the region, and back. */
export interface Delay {
  readonly inMs: number;
  readonly outMs: number;
}
interface Link {
  readonly near: Socket;
  readonly far: Socket;
  /** Who dialled; undefined until its first line is complete. */
  peer: string | undefined;
  /** It was there while the link was cut: its bytes have holes, so it must not live on. */
  cut: boolean;
}
/** More than this under way in one direction and the sender has to wait. */
const UNDERWAY_BYTES = 8 * 1_048_576;
const FIRST_LINE_BYTES = 65_536;

export class LinkProxy {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #cut = new Set<string>();
  readonly #delays = new Map<string, Delay>();
  readonly #forwarded = new Map<string, number>();

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((near) => this.#open(near));
  }

  /** Port 0 chooses a free one. */
  static async listen(port: number, target: { readonly host: string; readonly port: number }): Promise<LinkProxy> {
    const proxy = new LinkProxy(target);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once("error", reject);
      proxy.#server.listen(port, "127.0.0.1", resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  cut(peer: string): void {
    this.#cut.add(peer);
    for (const link of this.#links) {
      if (link.peer !== peer) continue;
      link.cut = true;
      // Swallowed, not held back: a socket that nobody reads would never be seen to close.
      link.near.resume();
      link.far.resume();
    }
  }
  heal(peer: string): void {
    this.#cut.delete(peer);
    for (const link of this.#links) {
      if (link.peer !== peer || !link.cut) continue;
      link.near.destroy();
      link.far.destroy();
      this.#links.delete(link);
    }
  }
  isCut(peer: string): boolean {
    return this.#cut.has(peer);
  }
  setDelay(peer: string, delay: Delay): void {
    this.#delays.set(peer, delay);
  }
  /** Bytes passed on for this peer, both ways: it stands still while the link is cut. */
  forwardedBytes(peer: string): number {
    return this.#forwarded.get(peer) ?? 0;
  }
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const { near, far } of this.#links) {
      near.destroy();
      far.destroy();
    }
    await closed;
  }

  #open(near: Socket): void {
    const far = dial(this.#target);
    const link: Link = { near, far, peer: undefined, cut: false };
    this.#links.add(link);
    near.setNoDelay(true);
    far.setNoDelay(true);
    this.#forward(link, far, near, "outMs");
    this.#listenForName(link);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        // Through a black hole nobody hears the other hang up.
        if (!link.cut) other.destroy();
        if (near.destroyed && far.destroyed) this.#links.delete(link);
      });
    }
  }

  /** Holds back what the dialler sends until it has said who it is, so that a cut peer's new connections fall into the hole too. */
  #listenForName(link: Link): void {
    let held = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf("\n");
      if (end < 0 && held.length < FIRST_LINE_BYTES) return;
      const peer = end < 0 ? undefined : gatewayIn(held.subarray(0, end).toString("utf8"));
      link.near.off("data", onData);
      if (peer === undefined) {
        link.near.destroy(); // no gateway: nothing else has business here
        return;
      }
      link.peer = peer;
      link.cut = this.#cut.has(peer);
      this.#forward(link, link.near, link.far, "inMs");
      link.near.emit("data", held);
    };
    link.near.on("data", onData);
  }

  #forward(link: Link, from: Socket, to: Socket, way: keyof Delay): void {
    const lane = new Lane(from, (chunk, sent) => {
      if (link.cut || to.destroyed) return sent();
      if (link.peer !== undefined) this.#forwarded.set(link.peer, this.forwardedBytes(link.peer) + chunk.length);
      to.write(chunk, () => sent());
    });
    from.on("data", (chunk: Buffer) => {
      if (link.cut) return;
      lane.push(chunk, (link.peer === undefined ? undefined : this.#delays.get(link.peer))?.[way] ?? 0);
    });
  }
}

/** One direction of one connection: bytes leave in the order they came, each after its delay, and a fast sender waits for a slow receiver. */
class Lane {
  readonly #from: Socket;
  readonly #pass: (chunk: Buffer, sent: () => void) => void;
  readonly #waiting: { readonly chunk: Buffer; readonly dueMs: number }[] = [];
  #underwayBytes = 0;

  constructor(from: Socket, pass: (chunk: Buffer, sent: () => void) => void) {
    this.#from = from;
    this.#pass = pass;
  }
  push(chunk: Buffer, delayMs: number): void {
    this.#underwayBytes += chunk.length;
    if (this.#underwayBytes > UNDERWAY_BYTES) this.#from.pause();
    this.#waiting.push({ chunk, dueMs: performance.now() + delayMs });
    if (this.#waiting.length === 1) this.#drain();
  }
  /** Only the first waits on a timer, so a delay that was just shortened lets nothing overtake. */
  #drain(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        setTimeout(() => this.#drain(), leftMs);
        return;
      }
      const { chunk } = next;
      this.#waiting.shift();
      this.#pass(chunk, () => {
        this.#underwayBytes -= chunk.length;
        if (this.#from.isPaused() && this.#underwayBytes < UNDERWAY_BYTES) this.#from.resume();
      });
    }
  }
}

/** The name in `CONNECT {…,"gateway":"eu"}`. */
function gatewayIn(line: string): string | undefined {
  const found = /^CONNECT (\{.*\})\s*$/.exec(line);
  try {
    const said: unknown = JSON.parse(found?.[1] ?? "null");
    const name = (said as { readonly gateway?: unknown } | null)?.gateway;
    return typeof name === "string" && name !== "" ? name : undefined;
  } catch {
    return undefined;
  }
}
