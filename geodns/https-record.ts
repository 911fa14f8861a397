/** HTTPS records (RFC 9460), which say the port; by hand, as dns-packet knows the type by number only. */
import type { Answer } from "dns-packet";

export const HTTPS = "UNKNOWN_65";
const PORT = 3;

/** `<priority 1> . port=<port>`: the service lives at the owner name itself. */
export function httpsRecord(name: string, port: number, ttl: number): Answer {
  const data = Buffer.alloc(9);
  data.writeUInt16BE(1, 0);
  data.writeUInt8(0, 2);
  data.writeUInt16BE(PORT, 3);
  data.writeUInt16BE(2, 5);
  data.writeUInt16BE(port, 7);
  // The types of dns-packet do not know that it takes any type by number.
  return { type: HTTPS, name, ttl, class: "IN", data } as unknown as Answer;
}
