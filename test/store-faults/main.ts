/**
 * Long plays on real stores, one for each fault, with figures:
 *   npm run store-faults -- [--rate 60] [--seconds 60] [--trouble 20] [--only WORDS]
 *   npm run store-faults -- --recording chat.jsonl.gz --users users.jsonl --limit 20000 --rate 100 --cut us@40s+30s
 */
import { rmSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { makeRunFolder } from "../servers/run-folder.ts";
import type { Fault } from "./faults.ts";
import { FAULTS } from "./faults.ts";
import type { Told } from "./theatre.ts";
import { madeUp, openTheatre } from "./theatre.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "60" },
    seconds: { type: "string", default: "60" },
    trouble: { type: "string", default: "20" },
    only: { type: "string", default: "" },
    recording: { type: "string" },
    users: { type: "string" },
    limit: { type: "string", default: "20000" },
    cut: { type: "string" },
  },
});
const rate = Number(values.rate);
const folder = makeRunFolder();
const theatre = await openTheatre(["us", "eu", "ap"], { small: values.recording === undefined });
let failed = 0;

function tell(name: string, { report, degraded, broughtMs, compared }: Told, fault?: Fault): void {
  const { sent, lost, duplicated, outOfOrder, conflicts, local, cross, cuts, converged, seconds } = report;
  const differences = compared.flatMap((one) => one.differences.map((difference) => `${one.region}: ${difference}`));
  const noticed = fault === undefined || fault.mayPassUnnoticed === true || degraded.includes(fault.store);
  const good = lost + duplicated + outOfOrder === 0 && converged && differences.length === 0 && noticed;
  if (!good) failed += 1;
  console.log(`${good ? "ok    " : "NOT OK"} ${name}`);
  console.log(`       ${JSON.stringify({ sent, lost, duplicated, outOfOrder, conflicts, converged, seconds, local, cross, cuts })}`);
  const said =
    fault === undefined ? `degraded: ${degraded.join() || "none"}` : `degraded: ${degraded.join() || "none"} (${fault.store} had trouble)`;
  console.log(
    `       ${said}; everything brought ${Math.round(broughtMs)} ms after the play; load ${loadavg()
      .map((one) => one.toFixed(1))
      .join(" ")}`,
  );
  for (const { differences: _, ...counts } of compared) console.log(`       ${JSON.stringify(counts)}`);
  for (const difference of differences) console.log(`       DIFFERS ${difference}`);
}

try {
  console.log(
    `load ${loadavg()
      .map((one) => one.toFixed(1))
      .join(" ")}`,
  );
  const more = ["--rate", values.rate, "--edits", "0.05", ...(values.cut === undefined ? [] : ["--cut", values.cut])];
  if (values.recording !== undefined) {
    const users = values.users === undefined ? [] : ["--users", values.users];
    tell("a recording", await theatre.play({ file: values.recording, arguments: [...more, ...users, "--limit", values.limit] }));
  } else {
    const file = madeUp(theatre.mesh.data, rate * Number(values.seconds));
    tell("nothing happens", await theatre.play({ file, arguments: more }));
    for (const fault of FAULTS.filter(({ name, needsDisk }) => name.includes(values.only) && (needsDisk === undefined || theatre.hasDisks)))
      tell(fault.name, await theatre.play({ file, arguments: more, fault, lengthMs: Number(values.trouble) * 1_000 }), fault);
  }
} finally {
  await theatre.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);
