/** Everybody who reads along: two people in every region, following every channel, each stream judged as it comes. */
import { setTimeout as pause } from "node:timers/promises";
import type { MeshAccess } from "./access.ts";
import type { StatesOfRegions } from "./cut-timeline.ts";
import { percentile, ReaderLedger } from "./ledger.ts";
import type { EventFrame, Reader, SyncFrame } from "./reader.ts";
import { openReader } from "./reader.ts";
import { READERS } from "./stage.ts";

interface Seat {
  readonly reader: Reader;
  readonly ledger: ReaderLedger;
}
type StateOfRegion = StatesOfRegions extends ReadonlyMap<string, infer State> ? State : never;

export class Audience {
  readonly #seats: Seat[] = [];
  readonly #expected = new Map<string, { readonly nth: number; readonly sentMs: number }>();
  /** Commands whose place among their author's is not judged. */
  readonly #again: ReadonlySet<string>;
  readonly #crossMs: number[] = [];
  readonly #states = new Map<string, StateOfRegion>();

  private constructor(again: ReadonlySet<string>) {
    this.#again = again;
  }

  /** `again`: commands that were sent more than once, as it grows. */
  static async open(access: MeshAccess, channels: readonly string[], again: ReadonlySet<string>): Promise<Audience> {
    const audience = new Audience(again);
    for (const { name, ws } of access.regions)
      for (const user of READERS) {
        const ledger = new ReaderLedger();
        const reader = await openReader({
          ws,
          region: name,
          token: await access.tokenOf(user),
          channels,
          onEvent: (event) => audience.#take(event, name, ledger),
          onSync: (sync) => audience.#heard(name, sync),
        });
        audience.#seats.push({ reader, ledger });
      }
    return audience;
  }

  /** A message is on its way: its number in the recording. */
  expect(key: string, nth: number): void {
    this.#expected.set(key, { nth, sentMs: performance.now() });
  }

  states(): StatesOfRegions {
    return this.#states;
  }

  /** Waits until every reader in regions that are not gone has every one of these commands, or the limit has passed. */
  async complete(commands: ReadonlySet<string>, gone: readonly string[], limitMs: number): Promise<void> {
    const started = performance.now();
    while (this.missing(commands, gone) > 0 && performance.now() - started < limitMs) await pause(250);
  }

  missing(commands: ReadonlySet<string>, gone: readonly string[]): number {
    return this.#seated(gone).reduce((sum, { ledger }) => sum + ledger.missing(commands), 0);
  }
  /** How many of these commands some reader lacks in regions that are not gone. */
  lacking(commands: readonly string[], gone: readonly string[]): number {
    return commands.filter((command) => this.#seated(gone).some(({ ledger }) => ledger.missing([command]) > 0)).length;
  }
  duplicated(): number {
    return this.#seats.reduce((sum, { ledger }) => sum + ledger.duplicated, 0);
  }
  outOfOrder(): number {
    return this.#seats.reduce((sum, { ledger }) => sum + ledger.outOfOrder, 0);
  }
  reconnects(): number {
    return this.#seats.reduce((sum, { reader }) => sum + reader.reconnects(), 0);
  }
  /** From the send until a reader in another region has it; what was written during a cut waits for the heal and counts too. */
  cross(): { readonly p50Ms: number; readonly p99Ms: number } {
    return { p50Ms: percentile(this.#crossMs, 0.5), p99Ms: percentile(this.#crossMs, 0.99) };
  }
  close(): void {
    for (const { reader } of this.#seats) reader.close();
  }

  #seated(gone: readonly string[]): readonly Seat[] {
    return this.#seats.filter(({ reader }) => !gone.includes(reader.region));
  }

  #take({ command, position, actor, channel, stamp, kind }: EventFrame, region: string, ledger: ReaderLedger): void {
    const expected = kind === "message.sent" ? this.#expected.get(command) : undefined;
    const origin = stamp.slice(18);
    if (expected !== undefined && origin !== region) this.#crossMs.push(performance.now() - expected.sentMs);
    ledger.take({
      command,
      position,
      author: actor,
      channel: channel ?? "",
      origin,
      nth: this.#again.has(command) ? undefined : expected?.nth,
    });
  }

  #heard(region: string, sync: SyncFrame): void {
    const peers = new Map(sync.peers.map((peer) => [peer.region, peer.state]));
    this.#states.set(region, { state: sync.state, peers, convergedAt: sync.converged?.at ?? null });
  }
}
