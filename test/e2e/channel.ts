/** A channel for a story, and what it says in one region. */
import { type MeshUnderTest, until } from "./atoll.ts";
import type { Person } from "./person.ts";

/** Made by the first of the people, in the first region unless one is named, with the others as members; resolves when every region knows it. */
export async function channelOf(
  mesh: Pick<MeshUnderTest, "regions">,
  people: readonly Person[],
  name = "story",
  region?: string,
  more: { readonly policy?: "merge" } = {},
): Promise<string> {
  const [owner, ...others] = people;
  const last = people.at(-1);
  if (owner === undefined || last === undefined) throw new Error("a channel needs somebody");
  const here = region ?? mesh.regions()[0] ?? "";
  const made = await owner.surely(() => here, {
    method: "POST",
    path: "/v1/channels",
    key: `${owner.user}-${name}`,
    body: { name, members: others.map(({ user }) => user), ...more },
  });
  const channel = made.body["id"] as string;
  for (const region of mesh.regions())
    await until(`${region} knows the channel`, () => last.read(region, `/v1/channels/${channel}`).then(Boolean, () => false));
  return channel;
}

/** Texts of all its messages as they stand in one region, newest first. */
export async function bodiesIn(reader: Person, region: string, channel: string): Promise<readonly string[]> {
  const bodies: string[] = [];
  for (let before = ""; ; ) {
    const page = await reader.read(
      region,
      `/v1/channels/${channel}/messages?limit=500${before === "" ? "" : `&before=${encodeURIComponent(before)}`}`,
    );
    bodies.push(...(page["items"] as readonly { readonly body: string }[]).map(({ body }) => body));
    if (page["next"] === null) return bodies;
    before = page["next"] as string;
  }
}

/** A region's audit log, oldest first. */
export async function auditEntries(auditor: Person, region: string): Promise<readonly { readonly kind: string }[]> {
  const entries: { readonly kind: string }[] = [];
  for (let after = ""; ; ) {
    const page = await auditor.read(region, `/v1/audit/entries?limit=500${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`);
    entries.push(...(page["items"] as readonly { readonly kind: string }[]));
    if (page["next"] === null) return entries;
    after = page["next"] as string;
  }
}
