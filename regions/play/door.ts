/** A region's HTTP door: one call, on a kept connection. */
import { Agent, request } from "node:http";

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 128 });

/** One HTTP call; rejects when nobody answers in time. */
export function call(
  url: string,
  {
    method,
    path,
    token,
    key,
    body,
    timeoutMs,
  }: { method: string; path: string; token: string; key?: string; body?: unknown; timeoutMs: number },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const asked = request(url + path, {
      method,
      agent,
      timeout: timeoutMs,
      headers: {
        authorization: `Bearer ${token}`,
        ...(text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.on("error", reject);
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) as Answered["body"] });
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    asked.end(text);
  });
}

export const closeDoors = (): void => agent.destroy();
