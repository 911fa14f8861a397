/**
 * DNS cookies (RFC 7873, in the layout of RFC 9018): who gives back what we gave it is where it says it is, and may have longer and more
 * answers. The hash is HMAC-SHA-256, cut to eight bytes, as Node has no SipHash; all name servers of one mesh share the secret.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Address } from "./address.ts";

export interface Cookies {
  /** `given`: the option of the query. `known`: its server part is ours, for this address, and not old. `cookie`: what goes back. */
  look(given: Buffer, from: Address): { readonly known: boolean; readonly cookie: Buffer };
}

const CLIENT_BYTES = 8;
const SERVER_BYTES = 16;
const AGE_MOST_S = 3_600;
const AHEAD_MOST_S = 300;

export function openCookies(secret: string, nowS: () => number): Cookies {
  function serverPart(client: Buffer, seconds: number, from: Address): Buffer {
    const part = Buffer.alloc(SERVER_BYTES);
    part[0] = 1;
    part.writeUInt32BE(seconds >>> 0, 4);
    createHmac("sha256", secret).update(client).update(part.subarray(0, 8)).update(from).digest().copy(part, 8, 0, 8);
    return part;
  }
  return {
    look: (given, from) => {
      const client = given.subarray(0, CLIENT_BYTES);
      const server = given.subarray(CLIENT_BYTES);
      const now = nowS();
      let known = false;
      if (server.length === SERVER_BYTES) {
        const age = now - server.readUInt32BE(4);
        known = age <= AGE_MOST_S && age >= -AHEAD_MOST_S && timingSafeEqual(server, serverPart(client, server.readUInt32BE(4), from));
      }
      return { known, cookie: known ? given : Buffer.concat([client, serverPart(client, now, from)]) };
    },
  };
}
