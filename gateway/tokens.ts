/** Who asks: a JWT signed with the region's secret, or by somebody whose public keys it reads. The algorithms are fixed here, never by the token. */
import { errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import type { Actor, ActorRole } from "../core/command.ts";
import { Refusal } from "../core/errors.ts";
import { isPlainId } from "../core/ids.ts";
import type { Auth } from "./parts.ts";

export interface Identity {
  readonly actor: Actor;
  readonly expiresAtMs: number;
}
export interface Tokens {
  /** The token's owner, or Refusal unauthenticated. */
  verify(token: string): Promise<Identity>;
}

const ROLES: readonly string[] = ["user", "bot", "operator", "auditor"] satisfies readonly ActorRole[];
/** Signatures that a public key checks: none of them takes a key that everybody has for a secret. */
const PUBLIC_KEY_ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");
const TOKEN_CHARS = 8_192;
const CLOCK_TOLERANCE_S = 5;
const REMEMBERED = 10_000;

export function openTokens(auth: Auth, now: () => number): Tokens {
  const keys = "keys" in auth ? auth.keys : undefined;
  const key = "keys" in auth ? auth.keys.find : new TextEncoder().encode(auth.secret);
  const options = {
    algorithms: keys === undefined ? ["HS256"] : PUBLIC_KEY_ALGORITHMS,
    requiredClaims: ["exp", "sub"],
    ...(auth.issuer === undefined ? {} : { issuer: auth.issuer }),
    ...(auth.audience === undefined ? {} : { audience: auth.audience }),
  };
  // A signature is checked once for each edition of the keys; the end of the token each time.
  const known = new LRUCache<string, Identity>({ max: REMEMBERED });
  let edition = keys?.edition();
  return {
    async verify(token) {
      if (keys !== undefined && keys.edition() !== edition) {
        known.clear();
        edition = keys.edition();
      }
      const before = known.get(token);
      if (before !== undefined) return stillValid(before, now());
      if (token.length > TOKEN_CHARS) throw refused("The token is too long.");
      try {
        // Tolerance is for "not before" only: a token ends when it ends.
        const { payload } = await verified(token, key, { ...options, currentDate: new Date(now()), clockTolerance: CLOCK_TOLERANCE_S });
        const identity = stillValid(identityIn(payload), now());
        known.set(token, identity);
        return identity;
      } catch (error) {
        throw error instanceof Refusal ? error : refused(reasonOf(error));
      }
    },
  };
}

const verified = (token: string, key: Uint8Array | JWTVerifyGetKey, options: JWTVerifyOptions) =>
  typeof key === "function" ? jwtVerify(token, key, options) : jwtVerify(token, key, options);

function identityIn({ sub, exp, roles = ["user"] }: { readonly sub?: unknown; readonly exp?: number; readonly roles?: unknown }): Identity {
  if (typeof sub !== "string" || !isPlainId(sub)) throw refused("The token's sub is no user id.");
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === "string")) throw refused("The token's roles are no list.");
  const actor: Actor = { user: sub, roles: roles.filter((role): role is ActorRole => ROLES.includes(role)) };
  return { actor, expiresAtMs: (exp ?? 0) * 1000 };
}

function stillValid(identity: Identity, nowMs: number): Identity {
  if (identity.expiresAtMs <= nowMs) throw refused("The token has ended.");
  return identity;
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "The token has ended.";
  if (error instanceof errors.JWTClaimValidationFailed) return `The token's ${error.claim} is not accepted.`;
  return "The token is not valid.";
}

const refused = (detail: string): Refusal => new Refusal("unauthenticated", detail, { hint: "Sign in again and send a fresh token." });

/** The token of an `Authorization: Bearer` header. */
export function bearerIn(header: string | undefined): string {
  const found = /^Bearer +([^\s]+) *$/i.exec(header ?? "");
  if (found?.[1] === undefined) throw refused("A bearer token is needed.");
  return found[1];
}
