/** What becomes of a local mesh's plan when a region is added, taken back or removed. Names and ports once given stay taken. */
import { drawPlan, type Layout, type MeshPlan, presentIn } from "./plan.ts";
import { choosePorts, tcpFree } from "./ports.ts";
import { Refused } from "./refused.ts";

const NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const MOST = 12;

function checkNew(name: string, { regions }: Layout): void {
  if (!NAME.test(name)) throw new Refused(2, `"${name}" is no name for a region`, "small letters, digits, hyphens; at most 32");
  if (regions.length >= MOST && !regions.includes(name))
    throw new Refused(
      2,
      `a local mesh has at most ${MOST} regions, the removed ones counted`,
      "take a removed one back, or start another mesh",
    );
}

/** With one region more; a removed one comes back to its old place, port and disk. */
export async function planWith(plan: MeshPlan, name: string): Promise<MeshPlan> {
  const { layout, port } = plan;
  const { regions, retired = [] } = layout;
  checkNew(name, layout);
  if (presentIn(layout).includes(name)) throw new Refused(2, `region ${name} is there already`, `regions: ${presentIn(layout).join(", ")}`);
  const all = regions.includes(name) ? regions : [...regions, name];
  const own = port + all.indexOf(name);
  if (!(await tcpFree(own))) throw new Refused(2, `port ${own}, which region ${name} would listen on, is in use`, "end what listens there");
  const taken = [...all.keys()].map((i) => port + i).concat(plan.geodnsPort, plan.geodnsHttpPort);
  for (const [other, ports] of Object.entries(layout.ports)) if (other !== name) taken.push(...Object.values(ports));
  const ports = { ...layout.ports, ...(await choosePorts([name], layout.ports, taken)) };
  return drawPlan(plan, { ...layout, regions: all, retired: retired.filter((one) => one !== name), ports });
}

export function planWithout(plan: MeshPlan, name: string): MeshPlan {
  const { layout } = plan;
  return drawPlan(plan, { ...layout, retired: [...(layout.retired ?? []), name] });
}
