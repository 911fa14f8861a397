/** Whether a running server keeps what it acknowledges through a power failure: read from the server itself, not from what we meant to configure. */

/** `monitorUrl` as "http://127.0.0.1:8222". Rejects when the server's monitoring page cannot be read. */
export async function acksAreDurable(monitorUrl: string): Promise<boolean> {
  const reply = await fetch(`${monitorUrl}/varz`, { signal: AbortSignal.timeout(2_000) });
  if (!reply.ok) throw new Error(`${monitorUrl}/varz: HTTP ${reply.status}`);
  const facts = (await reply.json()) as { readonly jetstream?: { readonly config?: { readonly sync_always?: boolean } } };
  return facts.jetstream?.config?.sync_always === true;
}
