/** What a region checks tokens with: a secret of its own, or the public keys of who signs them. */
import type { Timers } from "../core/ports/time.ts";
import type { Auth, Log } from "../gateway/parts.ts";
import type { Config } from "./config.ts";
import { CannotServe } from "./refusal.ts";
import { openTokenKeys } from "./token-keys.ts";

export async function authOf(config: Config, timers: Timers, log: Log): Promise<Auth> {
  const { ATOLL_AUTH_SECRET: secret, ATOLL_AUTH_JWKS_URL: url, ATOLL_DATA_DIR: folder, ATOLL_AUTH_AUDIENCE: audience } = config;
  const claims = { issuer: config.ATOLL_AUTH_ISSUER, ...(audience === undefined ? {} : { audience }) };
  if (secret !== undefined) return { ...claims, secret };
  if (url === undefined) throw new CannotServe("ATOLL_AUTH_SECRET is missing: set it, or ATOLL_AUTH_JWKS_URL");
  const keys = openTokenKeys({ url, folder, timers, log });
  await keys.first;
  return { ...claims, keys };
}
