/** Where a call comes from. */
import type { IncomingMessage } from "node:http";
import { isKey, KEY_HEADER } from "./trunk/words.ts";

/** "::ffff:192.0.2.1" is 192.0.2.1. */
export const addressOf = (address: string | undefined): string | undefined => address?.replace(/^::ffff:(?=\d+\.)/, "");

/** A gateway process of this region passes the call on: it knows the region's key. */
export function cameByGateway({ headers }: IncomingMessage, key: string | undefined): boolean {
  const given = headers[KEY_HEADER];
  return key !== undefined && isKey(typeof given === "string" ? given : undefined, key);
}

/** The caller's address. `x-forwarded-for` is believed of the region's own gateways only. */
export function callerOf(request: IncomingMessage, key: string | undefined): string | undefined {
  const { headers, socket } = request;
  const passed = headers["x-forwarded-for"];
  const last = (Array.isArray(passed) ? passed.at(-1) : passed)?.split(",").at(-1)?.trim();
  return cameByGateway(request, key) && last ? addressOf(last) : addressOf(socket.remoteAddress);
}
