/** `atoll stores`: how far the stores beside the embedded one have come, how history is read, and what to repair. */
import { readFileSync } from "node:fs";
import type { ReadConsistency, RepairStep, StoreFacts, StoreSetting } from "../../core/ports/store-modes.ts";
import { READ_CONSISTENCIES, STORE_MODES } from "../../core/ports/store-modes.ts";
import { accessOf } from "../cassandra/access.ts";
import { promote } from "../cassandra/promote.ts";
import { openSession } from "../cassandra/session.ts";
import { histogramMetrics, parseTableHistograms } from "../cassandra/table-histograms.ts";
import type { Config } from "../config.ts";
import { type Answer, Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { ask, askFirst, onlyRegion, type ReachOptions, reachAll } from "./reach.ts";
import { addSettings, type SettingOptions, soundSettings } from "./settings.ts";

type Options = ReachOptions & { readonly region?: string };
type Stores = StoreSetting & { readonly items: readonly StoreFacts[] };
interface Told extends Partial<Stores> {
  readonly region: string;
  readonly why?: string;
}
const ANSWER_MS = 5_000;

function lineOf({ name, state, waiting, ageMs, why }: StoreFacts): string {
  const lag = waiting === 0 ? "nothing waits" : `${waiting} changes wait, the first for ${Math.round(ageMs / 100) / 10} s`;
  return `  ${name.padEnd(10)} ${state.padEnd(12)} ${lag}${why === null ? "" : `; ${why}`}`;
}

function readable({ region, why, mode, consistency, items = [] }: Told): string {
  if (why !== undefined) return `${region}: ${why}`;
  const head = `${region}: history is read in mode ${mode}${mode === "normal" ? ` at ${consistency}` : ""}`;
  return [head, ...(items.length === 0 ? ["  all embedded"] : items.map(lineOf))].join("\n");
}

/** Asks (or tells) every region named; one that does not answer makes the code 1. */
async function everywhere(options: Options, change?: Partial<StoreSetting>): Promise<Answer> {
  const { gateways, token } = onlyRegion(await reachAll(options, "operator"), options.region);
  const path = change === undefined ? "/v1/stores" : "/v1/stores/mode";
  const regions = await Promise.all(
    gateways.map(async (gateway): Promise<Told> => {
      const told = await ask<Stores>(gateway, path, token, ANSWER_MS, change && { method: "PUT", body: change });
      return told.ok ? { region: gateway.name, ...told.body } : { region: gateway.name, why: told.why };
    }),
  );
  return { code: regions.some(({ why }) => why !== undefined) ? 1 : 0, document: { regions }, text: regions.map(readable).join("\n") };
}

async function promoteTo(dc: string, config: Config): Promise<Answer> {
  const access = accessOf(config);
  if (access === undefined)
    throw new Stop(2, "no Cassandra is named", "ATOLL_CASSANDRA_CONTACT_POINTS=host[:port],… of the data centre that is left");
  const session = openSession({ ...access, localDc: dc, readConsistency: () => "local-quorum", prepared: async () => {} });
  try {
    const done = await promote(session, dc);
    const text = `${done.keyspace} stands in ${dc} alone\nnext: ATOLL_CASSANDRA_LOCAL_DC=${dc} for every region that used another · nodetool removenode for lost nodes`;
    return { code: 0, document: done, text };
  } catch (error) {
    throw new Stop(1, error instanceof Error ? error.message : String(error), "atoll doctor --cassandra HOST");
  } finally {
    await session.close();
  }
}

function oneOf<T extends string>(allowed: readonly T[], given: string | undefined): T {
  const found = allowed.find((one) => one === given);
  if (found === undefined) throw new Stop(2, `${given} is none of ${allowed.join(", ")}`);
  return found;
}

export const define: Define = (command, finish) => {
  const options = (one: typeof command): typeof command =>
    one
      .option("--region <region>", "only this region (default: all)")
      .option("--url <url>", "ask this gateway instead of the local mesh")
      .option("--token <token>", "an operator's token, with --url");
  command.enablePositionalOptions();
  options(command).addHelpText(
    "after",
    examples(
      "atoll stores",
      "atoll stores mode one --region eu      # any replica will do",
      "atoll stores mode cached              # and ask the store little",
      "atoll stores reads quorum             # across data centres",
      "atoll stores repair-plan",
    ),
  );
  finish(command, ({ options: asked }: Asked<Options>) => everywhere(asked));
  const mode = command
    .command("mode")
    .argument("<mode>", STORE_MODES.join(", "))
    .description("Read history in another way, until the region is restarted.");
  finish(options(mode), ({ options: asked, args }: Asked<Options>) => everywhere(asked, { mode: oneOf(STORE_MODES, args[0]) }));
  const reads = command
    .command("reads")
    .argument("<consistency>", READ_CONSISTENCIES.join(", "))
    .description("The consistency that history is read at in mode normal.");
  finish(options(reads), ({ options: asked, args }: Asked<Options>) =>
    everywhere(asked, { consistency: oneOf<ReadConsistency>(READ_CONSISTENCIES, args[0]) }),
  );
  const promoting = command
    .command("promote")
    .argument("<dc>", "the data centre that is to stand alone")
    .description("A keyspace shared over data centres goes on in one of them; told by the environment of atoll serve.");
  addSettings(promoting);
  finish(promoting, ({ options: asked, args, io }: Asked<SettingOptions>) =>
    promoteTo(args[0] ?? "", soundSettings(asked, io.environment)),
  );
  const histograms = command
    .command("histograms")
    .argument("[file]", "what nodetool tablehistograms said (default: standard input)")
    .description("Partition sizes as Prometheus text, for a textfile collector.");
  finish(histograms, async ({ args }: Asked<Options>) => {
    const said = readFileSync(args[0] ?? 0, "utf8");
    const found = said.split(/^(?=\S+\/\S+ histograms$)/m).flatMap((one) => parseTableHistograms(one) ?? []);
    if (found.length === 0)
      throw new Stop(
        2,
        "this is not what nodetool tablehistograms says",
        "nodetool tablehistograms KEYSPACE messages | atoll stores histograms",
      );
    return { code: 0, document: { tables: found }, text: histogramMetrics(found).trimEnd() };
  });
  const plan = command.command("repair-plan").description("What to repair after trouble with Cassandra, hot channels first.");
  finish(options(plan), async ({ options: asked }: Asked<Options>) => {
    const { body } = await askFirst<{ readonly items: readonly RepairStep[] }>(
      onlyRegion(await reachAll(asked, "operator"), asked.region),
      "/v1/stores/repair-plan",
    );
    return { code: 0, document: body, text: body.items.map(({ why, command: run }) => `# ${why}\n${run}`).join("\n") };
  });
};
