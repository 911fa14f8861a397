/** What a region checks tokens with: a secret of its own, or the public keys of who signs them. */
import type { Timers } from "../core/ports/time.ts";
import type { Auth, Log, ReadyLine } from "../gateway/parts.ts";
import type { Config } from "./config.ts";
import { CannotServe } from "./refusal.ts";
import { openTokenKeys } from "./token-keys.ts";

export interface OpenAuth {
  readonly auth: Auth;
  /** For `/readyz`: nothing where nobody else is to be asked. */
  lines(): readonly ReadyLine[];
  end(): void;
}

export async function authOf(config: Config, timers: Timers, log: Log): Promise<OpenAuth> {
  const { ATOLL_AUTH_SECRET: secret, ATOLL_AUTH_JWKS_URL: url, ATOLL_DATA_DIR: folder, ATOLL_AUTH_AUDIENCE: audience } = config;
  const claims = { issuer: config.ATOLL_AUTH_ISSUER, ...(audience === undefined ? {} : { audience }) };
  if (secret !== undefined) return { auth: { ...claims, secret }, lines: () => [], end: () => {} };
  if (url === undefined) throw new CannotServe("ATOLL_AUTH_SECRET is missing: set it, or ATOLL_AUTH_JWKS_URL");
  const keys = openTokenKeys({ url, folder, timers, log });
  await keys.first;
  return { auth: { ...claims, keys }, lines: () => [keys.ready()], end: () => keys.end() };
}
