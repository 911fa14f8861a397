/** Tokens of a local mesh, signed offline from its folder's secret. */
import { SignJWT } from "jose";

export interface Minted {
  readonly token: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly expiresAt: string;
}

export async function mintToken(
  secret: string,
  {
    user,
    roles,
    ttlMs,
    nowMs = Date.now(),
  }: { readonly user: string; readonly roles: readonly string[]; readonly ttlMs: number; readonly nowMs?: number },
): Promise<Minted> {
  const issued = Math.floor(nowMs / 1000);
  const expires = Math.ceil((nowMs + ttlMs) / 1000);
  const token = await new SignJWT({ roles: [...roles] })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(user)
    .setIssuer("atoll")
    .setIssuedAt(issued)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret));
  return { token, user, roles, expiresAt: new Date(expires * 1000).toISOString() };
}
