/** Calls over HTTP (contract §3): asked of the region of the line first, then of the others. What is read carries a cursor that is good in all. */
import { AtollError, refusalFrom } from "./errors.ts";
import type { RegionAddress } from "./region-list.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Tokens } from "./tokens.ts";

export interface HttpParts {
  readonly surroundings: Pick<Surroundings, "fetch">;
  readonly tokens: Tokens;
  /** In the order in which they are to be asked. */
  readonly regions: () => readonly RegionAddress[];
}
export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Of writes: the same key has one effect, however often and wherever it is called. */
  readonly key?: string;
  readonly body?: object;
}
const CALL_MS = 8_000;

export class Http {
  readonly #parts: HttpParts;

  constructor(parts: HttpParts) {
    this.#parts = parts;
  }

  /** AtollError with the region's code; `unreachable` where no region answers a reading, `unknown` where none answers a write. */
  async call<Answer>(call: Call): Promise<Answer> {
    let why: unknown;
    for (const { url } of this.#parts.regions())
      try {
        return await this.callAt<Answer>(url, call);
      } catch (thrown) {
        if (!isForOthers(thrown)) throw thrown;
        why = thrown;
      }
    throw call.method === "GET"
      ? new AtollError("unreachable", "No region answers.", { cause: why })
      : new AtollError("unknown", "No region answered; what became of the call is unknown.", { cause: why, hint: "Call it again." });
  }

  /** One region, once; with a fresh token where it refuses the last. */
  async callAt<Answer>(url: string, call: Call): Promise<Answer> {
    const { tokens } = this.#parts;
    const first = await this.#fetch(url, call, await tokens.latest());
    const { status, body } = first.status === 401 ? await this.#fetch(url, call, await tokens.fresh()) : first;
    if (status >= 400) throw refusalFrom(body);
    return body as Answer;
  }

  async #fetch(
    url: string,
    { method, path, key, body }: Call,
    token: string,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(key === undefined ? {} : { "idempotency-key": key }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const signal = AbortSignal.timeout(CALL_MS);
    const answer = await this.#parts.surroundings
      .fetch(`${url}${path}`, { method, headers, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
      .catch((cause: unknown) => {
        throw new AtollError("unreachable", "The region does not answer.", { cause });
      });
    return { status: answer.status, body: await answer.json().catch(() => undefined) };
  }
}

const isForOthers = (thrown: unknown): boolean =>
  thrown instanceof AtollError && ["unreachable", "unavailable", "too-many-requests"].includes(thrown.code);

/** "?limit=50&before=…" without what is undefined. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]));
  return given.length === 0 ? "" : `?${given.join("&")}`;
}
