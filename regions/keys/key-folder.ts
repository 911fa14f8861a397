/**
 * What servers and programs sign in with, made once and kept outside Terraform's state. One folder of the mesh (`mesh/`, to be kept where no region
 * can read it) and one a region, which is all that a region's machines are given: no region holds another's keys.
 *
 *   mesh/        ca.pem ca.key, link-secret mesh-secret auth-secret
 *   <region>/    jetstream.secrets.conf gateway.secrets.conf   included by the servers' configurations
 *                region.secrets.env                            for `atoll serve`
 *                ca.pem cert.pem key.pem                       with TLS
 *   name-server.secrets.env                                    for `atoll serve --role geodns`, to those machines (no region has a dot in its name)
 */
import { randomBytes } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newUserKeys, publicOf } from "../nats/nkeys.ts";
import { present, type Topology, type TopologyRegion } from "../topology.ts";
import { ensureAuthority, ensureCertificate } from "./certificates.ts";

export interface KeysMade {
  readonly region: string;
  readonly folder: string;
  /** Files that were not there before. */
  readonly made: readonly string[];
}
export interface KeyFolderOptions {
  readonly topology: Topology;
  readonly folder: string;
  readonly tls: boolean;
}

const PRIVATE = 0o600;

/** The file's text; what `make` gives if there is none. */
function kept(path: string, make: () => string, made: string[]): string {
  if (existsSync(path)) return readFileSync(path, "utf8");
  const text = make();
  writeFileSync(path, text, { mode: PRIVATE, flag: "wx" });
  made.push(path);
  return text;
}
const randomText = (): string => `${randomBytes(32).toString("hex")}\n`;
/** A value in one of our own files. */
const valueIn = (text: string, name: string): string => new RegExp(`^${name}[:=] ?"?([^"\\n]+)"?$`, "m").exec(text)?.[1] ?? "";

interface MeshSecrets {
  readonly link: string;
  readonly mesh: string;
  readonly auth: string;
}

function meshSecrets(folder: string): MeshSecrets {
  const secret = (name: string): string => kept(join(folder, name), randomText, []).trim();
  return { link: secret("link-secret"), mesh: secret("mesh-secret"), auth: secret("auth-secret") };
}

function regionSecrets(home: string, { link, mesh, auth }: MeshSecrets): readonly string[] {
  const made: string[] = [];
  const program = (): string => `ATOLL_NATS_NKEY_SEED=${newUserKeys().seed}\nATOLL_MESH_SECRET=${mesh}\nATOLL_AUTH_SECRET=${auth}\n`;
  const env = kept(join(home, "region.secrets.env"), program, made);
  const app = publicOf(valueIn(env, "ATOLL_NATS_NKEY_SEED"));
  const jetStream = kept(
    join(home, "jetstream.secrets.conf"),
    () =>
      `# Secret: who signs in to the JetStream tier, and how it signs in to the gateway tier.\nAPP_NKEY: "${app}"\nMESH_SEED: "${newUserKeys().seed}"\n`,
    made,
  );
  const leaf = publicOf(valueIn(jetStream, "MESH_SEED"));
  kept(
    join(home, "gateway.secrets.conf"),
    () =>
      `# Secret: who signs in to the gateway tier, and what gateways of the mesh know each other by.\nMESH_NKEY: "${leaf}"\nLINK_SECRET: "${link}"\n`,
    made,
  );
  return made;
}

const hostOf = (address: string): string => new URL(address.replace(/^(nats|tls):/, "http:")).hostname.replace(/^\[|\]$/g, "");
/** Names under which a region's gateway servers are dialled. */
const hostsOf = ({ link = [], url, providers: { hosts = [] } }: TopologyRegion): readonly string[] => [
  ...new Set([...link.map(hostOf), ...hosts, hostOf(url)]),
];

async function regionTls(home: string, authority: string, region: TopologyRegion): Promise<readonly string[]> {
  const made = await ensureCertificate(home, authority, region.name, hostsOf(region));
  copyFileSync(join(authority, "ca.pem"), join(home, "ca.pem"));
  chmodSync(join(home, "key.pem"), PRIVATE);
  return made ? [join(home, "cert.pem"), join(home, "key.pem")] : [];
}

/** Makes what is missing; nothing that is there is changed, so a region more leaves the others' keys alone. */
export async function ensureKeys({ topology, folder, tls }: KeyFolderOptions): Promise<readonly KeysMade[]> {
  const authority = join(folder, "mesh");
  mkdirSync(authority, { recursive: true, mode: 0o700 });
  const secrets = meshSecrets(authority);
  if (tls) await ensureAuthority(authority);
  kept(join(folder, "name-server.secrets.env"), () => `ATOLL_MESH_SECRET=${secrets.mesh}\n`, []);
  const all: KeysMade[] = [];
  for (const region of present(topology)) {
    const home = join(folder, region.name);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const made = [...regionSecrets(home, secrets), ...(tls ? await regionTls(home, authority, region) : [])];
    all.push({ region: region.name, folder: home, made: made.map((path) => path.slice(home.length + 1)) });
  }
  return all;
}
