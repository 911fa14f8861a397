/** The mesh's name server lives apart from the regions, so that it survives the death of any (contract §2). */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Child, type ChildHooks, openChild } from "./child.ts";
import { foreignEnvironment, ownProgram } from "./own-program.ts";
import { contentSecret, type MeshPlan } from "./plan.ts";

export const openGeodnsChild = (plan: MeshPlan, hooks: ChildHooks): Child =>
  openChild(
    {
      name: "GeoDNS",
      ...ownProgram("cli/main", ["serve", "--role", "geodns", "--topology", plan.folder.topologyFile]),
      environment: {
        ...foreignEnvironment(process.env),
        ATOLL_MODE: "local",
        ATOLL_HOST: "127.0.0.1",
        ATOLL_PORT: String(plan.geodnsHttpPort),
        ATOLL_DNS_PORT: String(plan.geodnsPort),
        ATOLL_DNS_PROCESSES: "0",
        ATOLL_MESH_SECRET: contentSecret(plan),
        ATOLL_LOG_LEVEL: process.env["ATOLL_LOG_LEVEL"],
        ATOLL_GEO_DB: process.env["ATOLL_GEO_DB"],
      },
      logFile: join(plan.folder.root, "geodns.log"),
      channel: true,
    },
    hooks,
  );

/** Resolves when the name server has an answer of each of these regions (that it is up, or that its clock is wrong); false when it has none in time. */
export async function nameServerSees({ geodnsHttpPort }: MeshPlan, regions: readonly string[], withinMs: number): Promise<boolean> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await pause(50)) {
    const text = await fetch(`http://127.0.0.1:${geodnsHttpPort}/readyz?verbose`, { signal: AbortSignal.timeout(1_000) }).then(
      (answer) => answer.text(),
      () => "",
    );
    const seen = /^\[\+\]sees (.*)$/m.exec(text)?.[1]?.split(", ") ?? [];
    if (regions.every((region) => seen.some((one) => one.startsWith(`${region} `) && !/ (down|unready)$/.test(one)))) return true;
  }
  return false;
}
