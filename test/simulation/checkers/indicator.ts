/** C12, the other half: within 5 s of a cut, and of a heal, the sync indicator says what is so. */
import type { LinkState } from "../../../core/objects.ts";
import type { Mesh, Watcher } from "../mesh.ts";
import { Violation } from "../violation.ts";

const WITHIN_MS = 5_000;
type Truth = "up" | "down" | "unsure";

export function watchIndicator(mesh: Mesh): Watcher {
  /** "<region> <joiner>": has heard it once. Before, nobody is accused: a region that is added takes its time. */
  const met = new Set<string>();
  const since = new Map<string, { readonly truth: Truth; readonly lives: string; readonly sinceMs: number }>();
  const pairs = mesh.regions.flatMap((here) => mesh.regions.filter((peer) => peer !== here).map((peer) => ({ here, peer })));
  return {
    look: () => {
      for (const { here, peer } of pairs) {
        if (stateOf(mesh, here, peer) === "live") met.add(`${here} ${peer}`);
        const truth = peer === mesh.roster.joiner && !met.has(`${here} ${peer}`) ? "unsure" : truthOf(mesh, here, peer);
        const before = since.get(`${here} ${peer}`);
        const turns = mesh.network.way(here, peer).turns + mesh.network.way(peer, here).turns;
        // Between two looks a process may have run, and been heard: what was so before both is not what has been so since.
        const runs = [here, peer].flatMap((region) => [mesh.machine(region).boots, mesh.machine(region).standstills]);
        const lives = [...runs, turns].join(" ");
        if (before?.truth !== truth || before.lives !== lives)
          since.set(`${here} ${peer}`, { truth, lives, sinceMs: mesh.scheduler.nowMs });
        else if (mesh.scheduler.nowMs - before.sinceMs > WITHIN_MS) judge(mesh, here, peer, truth);
      }
    },
  };
}

function truthOf(mesh: Mesh, here: string, peer: string): Truth {
  const { network } = mesh;
  if (mesh.machine(here).running === undefined || !mesh.roster.knows(here, peer) || !mesh.roster.knows(peer, here)) return "unsure";
  if (!network.connected(here, peer) || mesh.machine(peer).running === undefined) return "down";
  const whole = [network.way(here, peer), network.way(peer, here)].every(
    ({ loss, jammed, delayMs, reorder }) => loss === 0 && !jammed && delayMs < 200 && reorder === 0,
  );
  return whole ? "up" : "unsure";
}

const stateOf = (mesh: Mesh, here: string, peer: string): LinkState | undefined =>
  mesh
    .machine(here)
    .running?.links.sync()
    .peers.find(({ region }) => region === peer)?.state;

function judge(mesh: Mesh, here: string, peer: string, truth: Truth): void {
  if (truth === "unsure") return;
  const state = stateOf(mesh, here, peer);
  if ((state === "cut-off") !== (truth === "down"))
    throw new Violation("C12", `${here} says that ${peer} is ${state} more than ${WITHIN_MS} ms after the link went ${truth}`);
}
