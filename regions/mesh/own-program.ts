/** How this very program is started once more: from the build with plain Node, from the sources with tsx. */
import { fileURLToPath } from "node:url";

const SOURCES = import.meta.url.endsWith(".ts");

export function ownProgram(path: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
  const file = fileURLToPath(new URL(SOURCES ? `../${path}.ts` : `../${path}.js`, import.meta.url));
  return { command: process.execPath, args: [...(SOURCES ? ["--import", "tsx"] : []), file, ...args] };
}

/** The same as Node's `cluster` is told it. */
export const ownModule = (path: string): { readonly exec: string; readonly execArgv: string[] } => ({
  exec: fileURLToPath(new URL(SOURCES ? `../${path}.ts` : `../${path}.js`, import.meta.url)),
  execArgv: SOURCES ? ["--import", "tsx"] : [...process.execArgv],
});

/** The environment without anything that is meant for somebody else's Atoll. */
export const foreignEnvironment = (environment: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(Object.entries(environment).filter(([key]) => !key.startsWith("ATOLL_")));
