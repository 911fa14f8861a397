/** A request's body, read up to its limit. A larger one is read on for a while and thrown away, so that its sender hears the answer. */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

const DISCARDED_BYTES = 64 * LIMITS.requestBytes;

export async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes <= LIMITS.requestBytes) chunks.push(chunk);
      else if (bytes > DISCARDED_BYTES) break;
    }
  } catch {
    throw new Refusal("invalid", "The request's body ended early.");
  }
  if (bytes > LIMITS.requestBytes) throw new Refusal("too-large", `A request has at most ${LIMITS.requestBytes} bytes.`);
  return Buffer.concat(chunks);
}
