/** Three regions' sync boards on virtual time. Their logs are numbers, and what is applied is what a test says. */
import type { LinkState, PeerSync, Sync } from "../core/objects.ts";
import type { Vector } from "../core/position.ts";
import type { Witnessed } from "./clock-witness.ts";
import { ClockWitness } from "./clock-witness.ts";
import { Bus, VirtualTime } from "./links.test-model.ts";
import type { LinkChange } from "./sync-board.ts";
import { RegionSyncBoard } from "./sync-board.ts";

export const NOW = 1_700_000_000_000;
export const REGIONS = ["us", "eu", "ap"];

export class Home {
  readonly board: RegionSyncBoard;
  readonly changes: LinkChange[] = [];
  readonly syncs: Sync[] = [];
  readonly witnessed: Witnessed[] = [];
  readonly stop: () => void;
  head = 0;
  /** Stamps in flight keep this open. */
  openMs: number | undefined;
  applied: Vector = {};
  draining = false;

  constructor(region: string, bus: Bus, offsetMs: number, boot: string) {
    const { time } = bus;
    const clock = { nowMs: () => NOW + offsetMs + time.nowMs };
    const witness = new ClockWitness({
      regions: 3,
      nowMs: () => this.board.present.judgingMs(),
      timers: time,
      known: () => [],
      appendWitness: async (data) => void this.witnessed.push(data),
    });
    this.board = new RegionSyncBoard({
      link: bus.link(region),
      timers: time,
      clock,
      boot,
      applied: () => this.applied,
      own: () => {
        const closedMs = (this.openMs ?? clock.nowMs()) - 1;
        return { epoch: 1, head: this.head, completeMs: closedMs, closedMs };
      },
      presence: () => ({ boot, version: 1 }),
      draining: () => this.draining,
      witness,
    });
    this.board.onLink((change) => this.changes.push(change));
    this.board.onSync((sync) => this.syncs.push(sync));
    this.stop = this.board.start();
  }

  has(origin: string, sequence: number): void {
    this.applied = { ...this.applied, [origin]: { epoch: 1, sequence, place: 0 } };
  }
}

export class SyncMesh {
  readonly time = new VirtualTime();
  readonly bus = new Bus(this.time, REGIONS);
  readonly homes = new Map<string, Home>();

  /** Two seconds after all have started, with clocks that much off. */
  static async open(offsetsMs: Readonly<Record<string, number>> = {}): Promise<SyncMesh> {
    const mesh = new SyncMesh();
    for (const region of REGIONS) mesh.start(region, `${region}-1`, offsetsMs[region]);
    await mesh.time.pass(2_000);
    return mesh;
  }

  start(region: string, boot: string, offsetMs = 0): void {
    this.homes.set(region, new Home(region, this.bus, offsetMs, boot));
  }
  home(region: string): Home {
    return this.homes.get(region) as Home;
  }
  state(region: string, peer: string): LinkState {
    return this.home(region).board.stateOf(peer);
  }
  peerOf(region: string, peer: string): PeerSync | undefined {
    return this.home(region)
      .board.sync()
      .peers.find((one) => one.region === peer);
  }
}
