/** `atoll migrate`: brings a region's Cassandra to the tables of this version, forward only. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { accessOf } from "../cassandra/access.ts";
import { migrate } from "../cassandra/migrate.ts";
import { openSession } from "../cassandra/session.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { addSettings, type SettingOptions, soundSettings } from "./settings.ts";

export const define: Define = (command, finish) => {
  addSettings(command);
  command.addHelpText(
    "after",
    `${examples("atoll migrate", "atoll migrate --json")}\n\nTold by the same environment as atoll serve. Safe beside running regions, older ones too.`,
  );
  finish(command, async ({ options, io }: Asked<SettingOptions>) => {
    const access = accessOf(soundSettings(options, io.environment));
    if (access === undefined) throw new Stop(2, "no Cassandra is named", "ATOLL_CASSANDRA_CONTACT_POINTS=host[:port],…");
    const session = openSession({ ...access, readConsistency: () => "local-quorum", prepared: async () => {} });
    try {
      const done = await migrate(session, { who: randomUUID(), pause });
      const steps = done.steps.map(({ version, about }) => `  ${version}: ${about}`);
      const text =
        steps.length === 0
          ? `${access.keyspace}: version ${done.to}, nothing to do`
          : [`${access.keyspace}: from version ${done.from} to ${done.to}`, ...steps].join("\n");
      return { code: 0, document: { keyspace: access.keyspace, ...done }, text };
    } catch (error) {
      throw new Stop(
        3,
        `Cassandra at ${access.contactPoints.join(", ")}: ${error instanceof Error ? error.message : String(error)}`,
        "atoll doctor --cassandra HOST",
      );
    } finally {
      await session.close();
    }
  });
};
