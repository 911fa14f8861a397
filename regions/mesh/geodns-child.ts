/** The mesh's name server lives apart from the regions, so that it survives the death of any (contract §2). */
import { join } from "node:path";
import { type Child, type ChildHooks, openChild } from "./child.ts";
import { foreignEnvironment, ownProgram } from "./own-program.ts";
import { contentSecret, type MeshPlan } from "./plan.ts";

export const openGeodnsChild = (plan: MeshPlan, hooks: ChildHooks): Child =>
  openChild(
    {
      name: "GeoDNS",
      ...ownProgram("geodns-process", ["--topology", plan.folder.topologyFile, "--port", String(plan.geodnsPort)]),
      environment: {
        ...foreignEnvironment(process.env),
        ATOLL_MESH_SECRET: contentSecret(plan),
        ATOLL_GEO_DB: process.env["ATOLL_GEO_DB"],
      },
      logFile: join(plan.folder.root, "geodns.log"),
      channel: true,
    },
    hooks,
  );
