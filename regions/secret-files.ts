/** Secrets are better kept in files that few may read than in an environment: each may be named by a file that holds it. */
import { readFileSync } from "node:fs";
import { z } from "zod";

type KeptInFile =
  | "ATOLL_MESH_SECRET"
  | "ATOLL_AUTH_SECRET"
  | "ATOLL_NATS_NKEY_SEED"
  | "ATOLL_NATS_URL"
  | "ATOLL_CASSANDRA_PASSWORD"
  | "ATOLL_MONGODB_URI"
  | "ATOLL_REDIS_URL";
/** Settings that are a secret, or hold a password. */
export const KEPT_IN_FILES: readonly KeptInFile[] = [
  "ATOLL_MESH_SECRET",
  "ATOLL_AUTH_SECRET",
  "ATOLL_NATS_NKEY_SEED",
  "ATOLL_NATS_URL",
  "ATOLL_CASSANDRA_PASSWORD",
  "ATOLL_MONGODB_URI",
  "ATOLL_REDIS_URL",
];
type FileSettings = { readonly [K in KeptInFile as `${K}_FILE`]: z.ZodOptional<z.ZodString> };

/** ATOLL_…_FILE for each of them. */
export const SECRET_FILE_SETTINGS = Object.fromEntries(
  KEPT_IN_FILES.map((key) => [`${key}_FILE`, z.string().min(1).optional().describe(`file that holds ${key}, instead of saying it`)]),
) as FileSettings;

export interface SecretFileProblem {
  readonly key: string;
  readonly problem: string;
  readonly mend: string;
}
type Given = Readonly<Record<string, string | undefined>>;

/** The settings with what the files of these hold. A line's end after it does not count. */
export function withSecretFiles(
  given: Given,
  stems: readonly KeptInFile[] = KEPT_IN_FILES,
): { readonly settings: Given; readonly problems: readonly SecretFileProblem[] } {
  const settings: Record<string, string | undefined> = { ...given };
  const problems: SecretFileProblem[] = [];
  for (const stem of stems) {
    const key = `${stem}_FILE`;
    const path = given[key];
    if (path === undefined) continue;
    if (given[stem] !== undefined) {
      problems.push({ key, problem: `and ${stem} are both set`, mend: "leave one of them out" });
      continue;
    }
    try {
      const held = readFileSync(path, "utf8").trim();
      if (held === "") problems.push({ key, problem: `${path} is empty`, mend: `write ${stem} into it` });
      else settings[stem] = held;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      problems.push({ key, problem: `${path} cannot be read: ${code}`, mend: "name a file that this process may read" });
    }
  }
  return { settings, problems };
}
