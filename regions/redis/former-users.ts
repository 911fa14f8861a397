/** Users of gateways of this region that are not this one: of its own former life, whose entries outlive it by a few seconds. */
import type { ConnectionRegistry } from "../../core/ports/connection-registry.ts";

export async function formerUsers(registry: ConnectionRegistry, gateway: string): Promise<readonly string[]> {
  const users = new Set<string>();
  for await (const { gateway: of, sessions } of registry.read()) if (of !== gateway) for (const { user } of sessions) users.add(user);
  return [...users];
}
