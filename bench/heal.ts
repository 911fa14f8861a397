/**
 * After a cut in which one side wrote: from the heal to the moment when the other side has applied everything and the comparison of digests says
 * "converged"; against the bare pull of the same tail over the same servers, which stores, judges and proves nothing.
 */
import type { GateAnswer } from "../core/ports/peer-link.ts";
import type { Beat } from "../reconciliation/beat.ts";
import { openPeerLink } from "../regions/nats/peer-link.ts";
import { head, inTurns, median, msSince, shown, sizeOf, tell } from "./measure.ts";
import { type BenchMesh, startMesh } from "./mesh.ts";
import { Person } from "./person.ts";

const SIZES = [sizeOf(10_000, 2_000), Math.round(sizeOf(10_000, 2_000) / 4)];
const AUTHORS = 128;
const WARM = 3_000;
const POLL_MS = 20;

interface SyncView {
  readonly state: string;
  readonly converged: unknown;
  readonly peers: readonly { readonly region: string; readonly state: string; readonly behindEvents?: number }[];
}

const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 180_000): Promise<void> {
  for (const began = performance.now(); !(await holds()); await later(POLL_MS))
    if (msSince(began) > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
}

const mesh: BenchMesh = await startMesh(["us", "eu"]);
try {
  const authors = await Promise.all(
    Array.from({ length: AUTHORS }, async (_, i) => Person.connect(mesh.url("us"), await mesh.tokenOf(`author-${i}`))),
  );
  const [owner] = authors as [Person];
  const members = ["reader", ...Array.from({ length: AUTHORS - 1 }, (_, i) => `author-${i + 1}`)];
  const channel = String((await owner.command({ kind: "channel.create", name: "bench", members }))["id"]);
  const token = await mesh.tokenOf("reader");
  const syncOf = async (region: string): Promise<SyncView> =>
    (await (await fetch(`${mesh.url(region)}/v1/sync`, { headers: { authorization: `Bearer ${token}` } })).json()) as SyncView;
  const livesWith = async (region: string, state: "live" | "cut-off"): Promise<boolean> =>
    (await syncOf(region)).peers.every((peer) => peer.state === state);
  const converged = async (): Promise<boolean> => {
    const sync = await syncOf("eu");
    return sync.converged !== null && sync.state === "live";
  };
  const write = async (count: number): Promise<void> => {
    await Promise.all(
      authors.map(async (author, nth) => {
        for (let i = nth; i < count; i += AUTHORS) await author.send(channel, `message ${i} of a long talk while the link was cut`);
      }),
    );
  };
  /** The head of us' log, from its own beats. */
  const own = await mesh.tiers.connect("us");
  const headOfUs = async (): Promise<number> => {
    const info = await own.nats.request("$JS.API.STREAM.INFO.OPS_us_1", "", { timeout: 5_000 });
    return info.json<{ readonly state: { readonly last_seq: number } }>().state.last_seq;
  };
  await until("both live", async () => (await livesWith("us", "live")) && (await livesWith("eu", "live")));

  interface Healed {
    readonly appliedMs: number;
    readonly convergedMs: number;
  }
  const ours = async (count: number): Promise<Healed> => {
    await write(WARM); // a region that has just started is slow for its first thousands
    let heard = 0;
    const reader = await Person.connect(mesh.url("eu"), token);
    await until("the reader follows", () =>
      reader.subscribe(channel).then(
        () => true,
        () => false,
      ),
    );
    mesh.tiers.cut("us", "eu");
    await until("eu knows it is cut off", () => livesWith("eu", "cut-off"));
    reader.onEvent = () => {
      heard += 1;
    };
    await write(count);
    const began = performance.now();
    mesh.tiers.heal("us", "eu");
    let appliedMs = 0;
    await until("applied", () => {
      if (reader.closed !== undefined) throw new Error(`the reader was closed with ${reader.closed} after ${heard} of ${count}`);
      if (heard >= count) appliedMs ||= msSince(began);
      return appliedMs > 0;
    });
    await until("converged", converged);
    reader.close();
    return { appliedMs, convergedMs: msSince(began) };
  };
  /** eu's program is stopped; its servers go on mirroring. */
  const floor = async (count: number): Promise<number> => {
    await mesh.stopRegion("eu");
    const link = openPeerLink({ connection: await mesh.tiers.connect("eu"), peers: ["us"] });
    let position = await headOfUs();
    const accept = (sequence: number): GateAnswer => {
      if (sequence <= position) return "old";
      if (sequence > position + 1) return "hole";
      position = sequence;
      return "taken";
    };
    const tail = link.follow({ peer: "us", epoch: 1, position: () => position, accept, gap: () => {} });
    link.onBeat((_, text) => tail.heard((JSON.parse(text) as Beat).head));
    // The mirror has what was before; the tail begins with the cut.
    mesh.tiers.cut("us", "eu");
    await until("us knows it is cut off", () => livesWith("us", "cut-off"));
    await write(count);
    const wanted = await headOfUs();
    const began = performance.now();
    mesh.tiers.heal("us", "eu");
    await until("pulled", () => position >= wanted);
    const took = msSince(began);
    await link.close();
    await mesh.startRegion("eu");
    await until("eu is back", async () => (await livesWith("eu", "live")) && (await converged()));
    return took;
  };

  head("heal: from the heal to everything applied and proved equal", { "nats-server": mesh.serverVersion });
  const byCount = new Map<number, number>();
  for (const count of SIZES) {
    const came = await inTurns(
      () => ours(count),
      () => floor(count),
    );
    const oursMs = came.ours.map(({ convergedMs }) => convergedMs);
    byCount.set(count, median(oursMs));
    tell([
      {
        name: `${count} events apart: converged`,
        unit: "ms",
        ours: oursMs,
        floor: came.floor,
        target: "<= 1.5x bare pull",
        holds: (a, b) => a / b <= 1.5,
      },
      {
        name: `${count} events apart: last event at a reader`,
        unit: "ms",
        ours: came.ours.map(({ appliedMs }) => appliedMs),
        floor: came.floor,
        target: "told",
        holds: () => true,
      },
    ]);
  }
  const [large = 0, small = 0] = SIZES;
  console.log(
    `slope: ${large / small}x apart costs ${shown((byCount.get(large) ?? 0) / (byCount.get(small) ?? 1))}x (most of a small heal is the link coming back)`,
  );
  for (const author of authors) author.close();
} finally {
  await mesh.stop();
}
