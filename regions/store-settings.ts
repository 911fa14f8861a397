/** Settings that name the stores beside a region's log and its own disk, and how one signs in to them. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { z } from "zod";
import { READ_CONSISTENCIES } from "../core/ports/store-modes.ts";
import { withSecretFiles } from "./secret-files.ts";
import { list, text } from "./setting-texts.ts";

const authority = (store: string) => text.optional().describe(`PEM file of the authority that signed ${store}'s certificates`);
const certificate = (store: string) => text.optional().describe(`PEM file of the certificate that ${store} knows this region by`);
const certificateKey = text.optional().describe("PEM file of that certificate's key");

export const STORE_SETTINGS = {
  ATOLL_CASSANDRA_CONTACT_POINTS: list
    .optional()
    .describe("message history, conflict and audit log in Cassandra, by comma: host[:port]; embedded when absent"),
  ATOLL_CASSANDRA_LOCAL_DC: text.optional().describe("this region's data centre in Cassandra; that of the first contact point when absent"),
  ATOLL_CASSANDRA_KEYSPACE: text
    .regex(/^[a-z][a-z0-9_]{0,47}$/, "is a-z, 0-9 and _, from a letter, at most 48")
    .optional()
    .describe(
      "keyspace of this region's history; atoll_<region> when absent. The same for regions that share one cluster over their data centres",
    ),
  ATOLL_CASSANDRA_REPLICATION: text
    .regex(/^[\w.-]+:\d(,[\w.-]+:\d)*$/, "is dc:replicas, by comma")
    .optional()
    .describe("replicas per data centre of a keyspace that is made, like dc1:3,dc2:3; three (or as many as there are nodes) when absent"),
  ATOLL_CASSANDRA_USER: text.optional().describe("who signs in to Cassandra; nobody when absent"),
  ATOLL_CASSANDRA_PASSWORD: text.optional().describe("the password of that user"),
  ATOLL_CASSANDRA_TLS: z
    .enum(["yes", "no"])
    .optional()
    .describe("whether TLS is spoken with Cassandra; yes when a file of an authority or certificate is named"),
  ATOLL_CASSANDRA_CA_FILE: authority("Cassandra").describe(
    "PEM file of the authority that signed Cassandra's certificates; those that Node knows when absent",
  ),
  ATOLL_CASSANDRA_CERT_FILE: certificate("Cassandra"),
  ATOLL_CASSANDRA_KEY_FILE: certificateKey,
  ATOLL_CASSANDRA_SERVER_NAME: text
    .optional()
    .describe("the name in the certificates of Cassandra's nodes; the address that is dialled when absent (nodes are dialled by address)"),
  ATOLL_CASSANDRA_READS: z
    .enum(READ_CONSISTENCIES)
    .default("local-one")
    .describe(`consistency that history is read at: ${READ_CONSISTENCIES.join(", ")}; an operator may change it while it runs`),
  ATOLL_MONGODB_URI: text
    .regex(/^mongodb(\+srv)?:\/\/\S+$/, "is mongodb://[user:password@]host:port[,host:port]/[database][?replicaSet=name]")
    .optional()
    .describe("users, channels and members in MongoDB too; embedded alone when absent"),
  ATOLL_MONGODB_CA_FILE: authority("MongoDB").describe(
    "PEM file of the authority that signed MongoDB's certificates: TLS is spoken when given",
  ),
  ATOLL_MONGODB_CERT_FILE: certificate("MongoDB"),
  ATOLL_MONGODB_KEY_FILE: certificateKey,
  ATOLL_REDIS_URL: text
    .regex(/^rediss?:\/\/\S+$/, "is redis://[user:password@]host:port[/database], or rediss:// for TLS")
    .optional()
    .describe("presence, sessions, routes and rate limits in Redis; in memory when absent"),
  ATOLL_REDIS_CA_FILE: authority("Redis"),
  ATOLL_REDIS_CERT_FILE: certificate("Redis"),
  ATOLL_REDIS_KEY_FILE: certificateKey,
};
const Stores = z.object(STORE_SETTINGS);
export type StoreConfig = Readonly<z.infer<typeof Stores>>;
type StoreKey = keyof StoreConfig;

/** The settings of stores alone, for whoever asks a store without running a region. What is wrong with them, or what they say. */
export function readStoreSettings(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly config: StoreConfig } | { readonly problems: readonly SettingProblem[] } {
  const { settings, problems } = withSecretFiles(environment);
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ""));
  const read = Stores.safeParse(given);
  const wrong = read.success ? storeProblems(read.data) : read.error.issues.map(misread);
  const all = [...problems.filter(({ key }) => STORES.some((store) => key.startsWith(`ATOLL_${store}_`))), ...wrong];
  return all.length > 0 || !read.success ? { problems: all } : { config: read.data };
}
const misread = ({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): SettingProblem => ({
  key: path.join("."),
  problem: message,
  mend: "atoll config doc",
});

export interface SettingProblem {
  readonly key: string;
  readonly problem: string;
  readonly mend: string;
}
/** What TLS stands on, as it was read from the files named. */
export interface TlsParts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}
export type StoreName = "CASSANDRA" | "MONGODB" | "REDIS";

const STORES = ["CASSANDRA", "MONGODB", "REDIS"] as const satisfies readonly StoreName[];
const fileKeys = (store: StoreName) =>
  ({ ca: `ATOLL_${store}_CA_FILE`, cert: `ATOLL_${store}_CERT_FILE`, key: `ATOLL_${store}_KEY_FILE` }) as const;

/** Undefined where TLS is not asked for. Throws where a file cannot be read: `storeProblems` has said so before. */
export function tlsOf(config: StoreConfig, store: StoreName): TlsParts | undefined {
  const names = fileKeys(store);
  const given = (["ca", "cert", "key"] as const).filter((part) => config[names[part]] !== undefined);
  const asked =
    given.length > 0 ||
    (store === "CASSANDRA" && config.ATOLL_CASSANDRA_TLS === "yes") ||
    (store === "REDIS" && config.ATOLL_REDIS_URL?.startsWith("rediss:") === true);
  return asked ? Object.fromEntries(given.map((part) => [part, readFileSync(config[names[part]] ?? "", "utf8")])) : undefined;
}

/** What cannot be right about the way to a store, before any is dialled. */
export function storeProblems(config: StoreConfig): readonly SettingProblem[] {
  const problems: SettingProblem[] = STORES.flatMap((store) => fileProblems(config, store));
  const no = (key: StoreKey, problem: string, mend: string): void => void problems.push({ key, problem, mend });
  if ((config.ATOLL_CASSANDRA_USER === undefined) !== (config.ATOLL_CASSANDRA_PASSWORD === undefined))
    no("ATOLL_CASSANDRA_USER", "and ATOLL_CASSANDRA_PASSWORD belong together", "set both or none");
  const without = (store: StoreName): readonly StoreKey[] => Object.values(fileKeys(store)).filter((key) => config[key] !== undefined);
  for (const key of without("CASSANDRA"))
    if (config.ATOLL_CASSANDRA_TLS === "no") no(key, "is named, but ATOLL_CASSANDRA_TLS is no", "leave one of them out");
  for (const key of without("REDIS"))
    if (config.ATOLL_REDIS_URL?.startsWith("redis:")) no(key, "is for TLS, but ATOLL_REDIS_URL is redis://", "begin it with rediss://");
  for (const key of without("MONGODB"))
    if (/[?&](tls|ssl)=false/.test(config.ATOLL_MONGODB_URI ?? ""))
      no(key, "is for TLS, but ATOLL_MONGODB_URI says tls=false", "take tls=false away");
  return problems;
}

function fileProblems(config: StoreConfig, store: StoreName): readonly SettingProblem[] {
  const names = fileKeys(store);
  const problems: SettingProblem[] = [];
  const read = (part: "ca" | "cert" | "key", kind: string, check: (pem: string) => unknown): string | undefined => {
    const [key, path] = [names[part], config[names[part]]];
    if (path === undefined) return undefined;
    let pem: string;
    try {
      pem = readFileSync(path, "utf8");
    } catch (error) {
      const problem = `${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`;
      problems.push({ key, problem, mend: "name a PEM file that this process may read" });
      return undefined;
    }
    try {
      check(pem);
      return pem;
    } catch {
      problems.push({ key, problem: `${path} holds no ${kind} in PEM`, mend: `it begins with -----BEGIN ${kind.toUpperCase()}-----` });
      return undefined;
    }
  };
  read("ca", "certificate", (pem) => new X509Certificate(pem));
  const cert = read("cert", "certificate", (pem) => new X509Certificate(pem));
  const key = read("key", "private key", (pem) => createPrivateKey(pem));
  if ((config[names.cert] === undefined) !== (config[names.key] === undefined))
    problems.push({ key: names.cert, problem: `and ${names.key} belong together`, mend: "set both or none" });
  if (cert === undefined || key === undefined) return problems;
  try {
    createSecureContext({ cert, key });
  } catch {
    problems.push({ key: names.key, problem: `is not the key of ${names.cert}`, mend: "name the two that were made together" });
  }
  return problems;
}
