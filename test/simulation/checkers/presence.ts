/** C8: who is shown as online, everywhere, is who has a living connection anywhere; no ghost, none missing. */
import { canonical } from "../../../core/canonical.ts";
import type { Client } from "../client.ts";
import type { Mesh } from "../mesh.ts";

/** What is wrong with what regions show, or undefined. */
export function presenceWrong(mesh: Mesh, clients: readonly Client[]): string | undefined {
  const users = clients.map(({ user }) => user);
  const expected = clients.map(({ user, region }) => ({ user, status: "online", regions: region === undefined ? [] : [region] }));
  for (const { region, running } of mesh.machines) {
    const shown = (running?.presence.who(users) ?? []).map(({ user, status, regions }) => ({ user, status, regions }));
    if (canonical(inOrder(shown)) !== canonical(inOrder(expected)))
      return `${region} shows ${canonical(shown)}; there are ${canonical(expected)}`;
  }
  return undefined;
}

const inOrder = <T extends { readonly user: string }>(some: readonly T[]): readonly T[] =>
  [...some].sort((a, b) => (a.user < b.user ? -1 : 1));
