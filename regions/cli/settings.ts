/** Settings of `serve` from where they can be given: a file of KEY=value lines, the environment, flags; the later wins. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import type { Command } from "commander";
import {
  type Config,
  DOCUMENTATION,
  isNameServerAlone,
  type NameServerConfig,
  type Read,
  readConfig,
  readNameServerConfig,
} from "../config.ts";
import type { Problem } from "../problem.ts";
import { Stop } from "./answer.ts";

export type SettingOptions = Readonly<Record<string, unknown>> & { readonly config?: string };

/** Adds a flag for every setting that may have one. */
export function addSettings(command: Command): void {
  command.option("--config <file>", "a file of KEY=value lines; the environment and flags win over it");
  for (const { flag, about, default: standard } of DOCUMENTATION) {
    if (flag === null) continue;
    command.option(
      `${flag} <value>`,
      standard === null ? about : `${about} (default: ${Array.isArray(standard) ? standard.join(",") : String(standard)})`,
    );
  }
}

const optionName = (flag: string): string => flag.slice(2).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

function fromFlags(options: SettingOptions): Readonly<Record<string, string | undefined>> {
  const given: Record<string, string | undefined> = {};
  for (const { key, flag } of DOCUMENTATION) {
    const value = flag === null ? undefined : options[optionName(flag)];
    if (typeof value === "string") given[key] = value;
  }
  return given;
}

function fromFile(path: string | undefined): Readonly<Record<string, string | undefined>> {
  if (path === undefined) return {};
  try {
    return parseEnv(readFileSync(path, "utf8")) as Record<string, string>;
  } catch (error) {
    throw new Stop(2, `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export const problemLine = ({ key, problem, mend }: Problem): string => `${key} ${problem}${mend === undefined ? "" : ` (${mend})`}`;

type Environment = Readonly<Record<string, string | undefined>>;
const givenIn = (options: SettingOptions, environment: Environment) => [fromFile(options.config), environment, fromFlags(options)] as const;

/** As the process would take them: those of a name server alone, or a region's. */
export function gatherSettings(options: SettingOptions, environment: Environment): Read | Read<NameServerConfig> {
  const given = givenIn(options, environment);
  return isNameServerAlone(...given) ? readNameServerConfig(...given) : readConfig(...given);
}

function sound<C>(read: Read<C>): C {
  if (!read.ok) throw new Stop(2, read.problems.map(problemLine).join("; "));
  return read.config;
}

/** Settings of a region's process. Throws a Stop that names every problem. */
export const soundSettings = (options: SettingOptions, environment: Environment): Config =>
  sound(readConfig(...givenIn(options, environment)));

/** Undefined unless the process is to be a name server and nothing else. */
export function soundNameServerSettings(options: SettingOptions, environment: Environment): NameServerConfig | undefined {
  const given = givenIn(options, environment);
  return isNameServerAlone(...given) ? sound(readNameServerConfig(...given)) : undefined;
}
