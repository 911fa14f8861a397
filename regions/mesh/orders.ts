/** What the supervisor does when it is told to: cut, heal, kill, start, stop. */
import type { Order } from "./control.ts";
import { type Links, type Pair, pairsOf } from "./links.ts";
import type { Membership } from "./membership.ts";
import { Refused } from "./refused.ts";
import type { RegionProcesses } from "./region-processes.ts";

export interface Commanded {
  readonly regions: ReadonlyMap<string, RegionProcesses>;
  readonly links: Links;
  readonly membership: Membership;
  /** Begins to stop the mesh. */
  readonly stop: () => void;
  readonly readyMs: number;
}

const now = (): string => new Date().toISOString();

function named(names: readonly string[], { regions }: Commanded): readonly string[] {
  for (const name of names)
    if (!regions.has(name)) throw new Refused(2, `there is no region ${name}`, `regions: ${[...regions.keys()].join(", ")}`);
  if (new Set(names).size !== names.length) throw new Refused(2, `${names[0]} is one region; a link has two ends`);
  return names;
}

export async function carryOut(order: Order, commanded: Commanded): Promise<unknown> {
  const { regions, links } = commanded;
  const all = [...regions.keys()];
  switch (order.order) {
    case "cut": {
      const cut = pairsOf(named(order.regions, commanded), all);
      if (!(await links.cut(cut, order.forMs))) throw new Refused(1, `could not prove that ${words(cut)} is down`);
      return { cut, at: now() };
    }
    case "heal": {
      const names = named(order.regions, commanded);
      const healed = links.cuts.filter((pair) => names.every((name) => pair.includes(name)));
      if (!(await links.heal(healed)))
        throw new Refused(1, `${words(healed)} is open again, but no echo crosses yet`, "atoll status shows it");
      return { healed, at: now() };
    }
    case "kill": {
      const [region = ""] = named([order.region], commanded);
      await regions.get(region)?.kill();
      return { region, at: now() };
    }
    case "start": {
      const [region = ""] = named([order.region], commanded);
      const processes = regions.get(region)!;
      processes.start();
      await processes.ready(commanded.readyMs);
      return { region, at: now() };
    }
    case "add":
      return commanded.membership.add(order.region);
    case "remove":
      return commanded.membership.remove(order.region, order.force);
    case "stop":
      // The answer leaves first; `down` then waits for the supervisor's end.
      setImmediate(commanded.stop);
      return { stopped: true };
  }
}

const words = (pairs: readonly Pair[]): string => pairs.map((pair) => pair.join(" – ")).join(", ");
