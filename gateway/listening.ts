import type { Server } from "node:http";

/** Resolves with the port once the server listens (`port` 0: any that is free); rejects where it cannot. */
export async function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return (server.address() as { readonly port: number }).port;
}
