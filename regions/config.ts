/**
 * What `atoll serve` can be told: one schema gives the variables, the file, the flags, the help and `config doc` (contract §7).
 * An unknown ATOLL_ variable is an error: a mistyped one would silently leave a default in force.
 */
import { z } from "zod";
import { PLAIN_ID } from "../core/ids.ts";
import { NAME_SERVER_SETTINGS } from "./name-server-settings.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import { ROLE_SETTINGS, unfitRoles } from "./role-settings.ts";
import { KEPT_IN_FILES, SECRET_FILE_SETTINGS, withSecretFiles } from "./secret-files.ts";
import { digits, list } from "./setting-texts.ts";
import { STORE_SETTINGS, storeProblems } from "./store-settings.ts";
import { WEBHOOK_SETTINGS } from "./webhooks/settings.ts";

const text = z.string().min(1);
const Settings = z.object({
  ATOLL_MODE: z.enum(["production", "local"]).default("production").describe("production refuses what only a local mesh may do"),
  ATOLL_REGION: text
    .regex(PLAIN_ID, "letters, digits, - and _; at most 64")
    .describe("the region this process serves; one of the topology's"),
  ATOLL_TOPOLOGY: text.describe("the one list of regions: a file's path, or the JSON itself"),
  ...ROLE_SETTINGS,
  ATOLL_HOST: text.default("0.0.0.0").describe("address to listen on"),
  ATOLL_PORT: digits(z.number("is a port in digits").int().min(0).max(65_535))
    .default(8800)
    .describe("port for HTTP and WebSocket; 0 = any"),
  ATOLL_NATS_URL: text
    .default("nats://127.0.0.1:4222")
    .describe("this region's JetStream servers, by comma; user and password may be in it"),
  ATOLL_NATS_NKEY_SEED: text
    .regex(/^SU[A-Z2-7]{56}$/, "an nkey seed of a user, as atoll keys makes it: SU…")
    .optional()
    .describe("the seed that this region's programs sign in to its JetStream servers with, instead of a password in the URL"),
  ATOLL_NATS_REPLICAS: digits(z.union([z.literal(1), z.literal(3)], "1, or 3 with three JetStream servers"))
    .default(1)
    .describe("how many JetStream servers hold each log and mirror: 1, or 3 with three servers"),
  ATOLL_NATS_MONITOR_URL: z
    .url()
    .optional()
    .describe("monitoring page of the JetStream server; read at the start to see whether its acks are durable"),
  ATOLL_NATS_ACKS: z
    .enum(["durable", "fast"])
    .default("durable")
    .describe(
      "whether the servers sync to disk before they answer (sync_interval: always), where no monitoring page says so; production needs durable",
    ),
  ATOLL_NATS_SERVER: text.optional().describe("path of nats-server, for `atoll up`"),
  ATOLL_DATA_DIR: text.default(".atoll/data").describe("folder of the embedded stores"),
  ...STORE_SETTINGS,
  ATOLL_MIGRATE: z
    .enum(["yes", "no"])
    .default("yes")
    .describe("whether a region may make the tables it lacks when it starts; with no, `atoll migrate` does it"),
  ATOLL_MESH_SECRET: text.describe(
    "secret shared by all regions of the mesh: content is compared by hashes under it, so it must be the same everywhere and for ever",
  ),
  ATOLL_AUTH_SECRET: text.optional().describe("HS256 secret that tokens are signed with; or ATOLL_AUTH_JWKS_URL"),
  ATOLL_AUTH_JWKS_URL: z
    .url({ protocol: /^https?$/, error: "is no address" })
    .optional()
    .describe("where the public keys are that tokens are signed with (JWK set); set ATOLL_AUTH_ISSUER and ATOLL_AUTH_AUDIENCE with it"),
  ATOLL_AUTH_ISSUER: text.default("atoll").describe("the `iss` that tokens must carry"),
  ATOLL_AUTH_AUDIENCE: text.optional().describe("the `aud` that tokens must carry; any when absent"),
  ATOLL_ALLOWED_ORIGINS: list.default(["*"]).describe("origins of web pages that may call, by comma; * = any"),
  ATOLL_LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
    .default("info")
    .describe("least level that is logged"),
  ATOLL_GEO_DB: text
    .optional()
    .describe(
      "file that says where addresses are: MMDB (MaxMind's schema or the flat one) or a table of networks; followed while it runs; without it the list's order is used",
    ),
  ATOLL_CONNECTIONS_MAX: digits(z.number("is a number in digits").int().min(0))
    .default(0)
    .describe("connections this region can hold: from 80 % on, GeoDNS sends a growing share of its new clients elsewhere; 0 = no bound"),
  ...NAME_SERVER_SETTINGS,
  ...WEBHOOK_SETTINGS,
  ATOLL_CLOCK_OFFSET_MS: digits(z.number("is a number of milliseconds in digits").int())
    .default(0)
    .describe("makes this region's clock wrong, to see what that does; local mode only"),
  ...SECRET_FILE_SETTINGS,
});
export type Config = Readonly<z.infer<typeof Settings>>;
/** All that a name server in a process of its own needs to know; it belongs to no region, unless one is named for its metrics. */
const NameServerAlone = Settings.pick({
  ...{ ATOLL_MODE: true, ATOLL_TOPOLOGY: true, ATOLL_ROLES: true, ATOLL_HOST: true, ATOLL_PORT: true },
  ...{
    ATOLL_GEO_DB: true,
    ATOLL_LOG_LEVEL: true,
    ATOLL_DNS_PORT: true,
    ATOLL_DNS_HOST: true,
    ATOLL_DNS_PROCESSES: true,
    ATOLL_PDNS_SOCKET: true,
    ATOLL_GDNSD_DIR: true,
  },
}).extend({ ATOLL_REGION: Settings.shape.ATOLL_REGION.optional(), ATOLL_MESH_SECRET: Settings.shape.ATOLL_MESH_SECRET.optional() });
export type NameServerConfig = Readonly<z.infer<typeof NameServerAlone>>;
type Key = keyof Config;
const KEYS = Object.keys(Settings.shape) as readonly Key[];
/** Those of the mesh, and those of one server. */
const SECRET = ["ATOLL_MESH_SECRET", "ATOLL_AUTH_SECRET"] as const;
const OTHER_SECRET = ["ATOLL_NATS_NKEY_SEED", "ATOLL_CASSANDRA_PASSWORD"] as const;
const isSecret = (key: Key): boolean => ([...SECRET, ...OTHER_SECRET] as readonly Key[]).includes(key);
/** Values of which a part is a password. */
const CREDENTIALS: readonly string[] = ["ATOLL_NATS_URL", "ATOLL_MONGODB_URI", "ATOLL_REDIS_URL"];
const WELL_KNOWN = /^(secret|change-?me|password|atoll|test|default|development)$/i;

export type Read<C = Config> = { readonly ok: true; readonly config: C } | { readonly ok: false; readonly problems: readonly Problem[] };

function unknownKeys(given: Readonly<Record<string, unknown>>): readonly Problem[] {
  return Object.keys(given)
    .filter((key) => key.startsWith("ATOLL_") && !(KEYS as readonly string[]).includes(key))
    .map((key) => {
      const meant = nearest(key, KEYS);
      return {
        key,
        problem: "is unknown",
        ...(meant === undefined ? { mend: "atoll config doc lists all" } : { mend: `did you mean ${meant}?` }),
      };
    });
}

function weakSecrets(config: Partial<Config>): readonly Problem[] {
  return SECRET.flatMap((key) => {
    const value = config[key];
    if (value === undefined || (value.length >= 32 && !WELL_KNOWN.test(value))) return [];
    return [{ key, problem: "is a default or too short for production (32 characters at least)", mend: "openssl rand -hex 32" }];
  });
}

/** What is right by itself but may not be together. */
function unfit(config: Config): readonly Problem[] {
  const problems: Problem[] = [];
  const secret = config.ATOLL_AUTH_SECRET;
  if (config.ATOLL_ROLES.includes("reconciler") && secret === undefined && config.ATOLL_AUTH_JWKS_URL === undefined)
    problems.push({
      key: "ATOLL_AUTH_SECRET",
      problem: "is missing: nobody could sign in",
      mend: "set it (openssl rand -hex 32), or ATOLL_AUTH_JWKS_URL",
    });
  const keys = config.ATOLL_AUTH_JWKS_URL;
  if (keys !== undefined && secret !== undefined)
    problems.push({ key: "ATOLL_AUTH_JWKS_URL", problem: "and ATOLL_AUTH_SECRET are both set", mend: "leave one of them out" });
  if (keys !== undefined && config.ATOLL_MODE !== "local" && !keys.startsWith("https://"))
    problems.push({ key: "ATOLL_AUTH_JWKS_URL", problem: "is read over a line that anybody may write on", mend: "begin it with https://" });
  problems.push(...storeProblems(config));
  problems.push(...unfitRoles(config));
  if (config.ATOLL_MODE === "local") return problems;
  problems.push(...weakSecrets(config));
  if (config.ATOLL_NATS_ACKS === "fast")
    problems.push({
      key: "ATOLL_NATS_ACKS",
      problem: "fast acks are lost with the power; production refuses them",
      mend: "put sync_interval: always into the server's jetstream block and set durable",
    });
  if (config.ATOLL_CLOCK_OFFSET_MS !== 0)
    problems.push({ key: "ATOLL_CLOCK_OFFSET_MS", problem: "is for local meshes", mend: "leave it out" });
  return problems;
}

type Given = Readonly<Record<string, string | undefined>>;

/** Settings from where they were given; later ones win (file, environment, flags). */
function merged(given: readonly Given[]): Given {
  const all: Record<string, string | undefined> = {};
  for (const one of given)
    for (const [key, value] of Object.entries(one)) if (key.startsWith("ATOLL_") && value !== undefined && value !== "") all[key] = value;
  return all;
}

function readAs<C>(schema: z.ZodType<C>, unfitting: (config: C) => readonly Problem[], given: Given, inFiles = KEPT_IN_FILES): Read<C> {
  const { settings, problems: unread } = withSecretFiles(given, inFiles);
  const parsed = schema.safeParse(settings);
  const problems = [
    ...unknownKeys(given),
    ...unread,
    ...(parsed.success
      ? unfitting(parsed.data)
      : parsed.error.issues.map(({ path, message }) => ({
          key: path.join("."),
          problem: settings[String(path[0])] === undefined ? "is missing" : message,
        }))),
  ].filter(({ key }) => !unread.some((file) => file.key === `${key}_FILE`));
  return problems.length > 0 || !parsed.success ? { ok: false, problems } : { ok: true, config: parsed.data };
}

/** Whether the process is to be a name server and nothing else. */
export const isNameServerAlone = (...given: readonly Given[]): boolean => merged(given)["ATOLL_ROLES"]?.trim() === "geodns";

export const readConfig = (...given: readonly Given[]): Read => readAs<Config>(Settings, unfit, merged(given));

/** Settings of others in the same file are no mistake; what they say is not looked at. */
export const readNameServerConfig = (...given: readonly Given[]): Read<NameServerConfig> =>
  readAs<NameServerConfig>(
    NameServerAlone,
    (config) => (config.ATOLL_MODE === "local" ? [] : weakSecrets(config as Partial<Config>)),
    merged(given),
    ["ATOLL_MESH_SECRET"],
  );

const withoutPassword = (value: string): string => value.replace(/\/\/([^:@/]*):[^@/]*@/g, "//$1:…@");

/** The settings as they may be shown: no secret, no password. */
export function redacted(config: { readonly [K in Key]?: Config[K] | undefined }): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    KEYS.filter((key) => config[key] !== undefined).map((key) => {
      const value = config[key];
      if (isSecret(key)) return [key, "…"];
      return [key, typeof value === "string" && CREDENTIALS.includes(key) ? withoutPassword(value) : value];
    }),
  );
}

export interface Documented {
  readonly key: Key;
  /** The same setting as a flag of `atoll serve`; secrets have none, as command lines can be read by everybody on the machine. */
  readonly flag: string | null;
  readonly default: unknown;
  readonly required: boolean;
  readonly about: string;
}

export const DOCUMENTATION: readonly Documented[] = KEYS.map((key) => {
  const schema: z.ZodType = Settings.shape[key];
  const absent = schema.safeParse(undefined);
  return {
    key,
    flag: isSecret(key) ? null : `--${key.slice("ATOLL_".length).toLowerCase().replaceAll("_", "-")}`,
    default: absent.success ? (absent.data ?? null) : null,
    required: !absent.success,
    about: schema.description ?? "",
  };
});
