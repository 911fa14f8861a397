/** What `up` says when the mesh is ready: where it is, what is real and what is embedded, and what to try next. */
import pc from "picocolors";
import type { ReadyDocument } from "../mesh/ready.ts";
import type { RunningMesh } from "../mesh/supervisor.ts";
import { ownCall } from "./own-name.ts";

/** What a detached supervisor tells the command that started it. */
export type Word =
  | { readonly progress: string }
  | { readonly ready: ReadyDocument }
  | { readonly refused: { readonly code: 1 | 2 | 3; readonly message: string; readonly hint?: string } };

export function firstWords({ ready, plan }: RunningMesh): string {
  const [first, second] = ready.regions;
  const call = ownCall(ready.data);
  const acks = plan.server.durableAcks ? "durable acks" : pc.yellow("acks NOT durable: this server is too old for them");
  const cut = first === undefined ? "" : `  ${call(`cut ${first.name}`)}   then write on both sides, then   ${call("heal")}`;
  return `
${pc.bold("Atoll runs.")} ${ready.regions.length} regions, each with everything it needs. Ctrl-C stops them; the data stay in ${ready.data}

${ready.regions.map(({ name, url }) => `  ${pc.cyan(name.padEnd(8))} ${url}`).join("\n")}
  ${pc.cyan("GeoDNS".padEnd(8))} ${ready.geodns}  (gw.${plan.topology.zone}, UDP and TCP)

  real      nats-server ${plan.server.version.text}, two a region, ${acks}; links through NATS gateways
  embedded  history, directory and audit (LMDB), presence (memory)

Try, in another terminal:
  ${call("status --watch")}
  curl -H "Authorization: Bearer $(${call("token --user ana")})" ${first?.url ?? second?.url}/v1/sync
${cut}
  ${call("verify")}
  ${first?.url}/console/   ${first?.url}/docs
`;
}
