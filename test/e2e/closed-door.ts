/**
 * Stands before a region's door as a network does: some get through, others do not. Who a caller is, is known from the process that holds the other
 * end of its connection, so this needs no rights and no network of its own. Linux only.
 */
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Door {
  readonly url: string;
  /** From now on only these processes get through; undefined: all do. Connections of others are reset, those that are kept too. */
  onlyFor(pids: readonly number[] | undefined): void;
  /** Connections that are open. */
  callers(): number;
  close(): Promise<void>;
}

export async function openDoor(target: string): Promise<Door> {
  const { hostname, port: targetPort } = new URL(target);
  const held = new Map<Socket, number>();
  let allowed: readonly number[] | undefined;
  const passes = (port: number): boolean => allowed === undefined || allowed.some((pid) => holds(pid, inodeOf(port, own())));
  const server = createServer((near) => {
    const { remotePort = 0 } = near;
    near.on("error", () => near.destroy());
    if (!passes(remotePort)) return void near.resetAndDestroy();
    const far = connect(Number(targetPort), hostname);
    held.set(near, remotePort);
    far.on("error", () => near.destroy()).once("close", () => near.destroy());
    near.once("close", () => {
      held.delete(near);
      far.destroy();
    });
    near.pipe(far).pipe(near);
  });
  const own = (): number => (server.address() as AddressInfo).port;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${own()}`,
    onlyFor: (pids) => {
      allowed = pids;
      for (const [near, remotePort] of held) if (!passes(remotePort)) near.resetAndDestroy();
    },
    callers: () => held.size,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const near of held.keys()) near.destroy();
      await closed;
    },
  };
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");

/** Of the caller's end of a connection on loopback; undefined when it is gone. */
function inodeOf(port: number, remotePort: number): string | undefined {
  for (const line of readFileSync("/proc/net/tcp", "utf8").split("\n")) {
    const [, local = "", remote = "", , , , , , , inode] = line.trim().split(/\s+/);
    if (local.endsWith(`:${hex(port)}`) && remote.endsWith(`:${hex(remotePort)}`)) return inode;
  }
  return undefined;
}

function holds(pid: number, inode: string | undefined): boolean {
  if (inode === undefined) return false;
  return readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
    } catch {
      return false; // it was closed while we looked
    }
  });
}
