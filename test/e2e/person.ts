/** Somebody with a token who calls regions over HTTP, as an SDK would: one id a command, tried again until somebody answers (T3). */
import { setTimeout as pause } from "node:timers/promises";
import { type Answered, call } from "../../regions/play/door.ts";

export interface Write {
  readonly method: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly key: string;
  readonly body?: unknown;
}
export interface ChangeEvent {
  readonly position: string;
  readonly kind: string;
  readonly actor: string;
  readonly command: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const CALL_MS = 8_000;
const AGAIN_MS = 50;
const NOT_HERE_YET_MS = 30_000;

export class Person {
  readonly user: string;
  readonly token: string;
  readonly #url: (region: string) => string;

  constructor(user: string, token: string, url: (region: string) => string) {
    this.user = user;
    this.token = token;
    this.#url = url;
  }

  /** One try; rejects when nobody answers. */
  write(region: string, { method, path, key, body }: Write): Promise<Answered> {
    return call(this.#url(region), { method, path, key, body, token: this.token, timeoutMs: CALL_MS });
  }

  async read(region: string, path: string): Promise<Answered["body"]> {
    const { status, body } = await call(this.#url(region), { method: "GET", path, token: this.token, timeoutMs: CALL_MS });
    if (status !== 200) throw new Error(`${region} answered ${path} with ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  /**
   * Tries the same command, in the regions that `next` names, until somebody answers for good. A change of what was sent elsewhere is answered
   * "not here yet" for as long as it is on its way.
   */
  async surely(next: (tries: number) => string, write: Write): Promise<Answered> {
    const untilMs = performance.now() + NOT_HERE_YET_MS;
    for (let tries = 0; ; tries += 1) {
      const answer = await this.write(next(tries), write).catch(() => undefined);
      const again = answer === undefined || answer.status === 503 || answer.status === 429;
      const onItsWay = answer?.status === 404 && write.method !== "POST" && performance.now() < untilMs;
      if (!again && !onItsWay) return answer;
      await pause(AGAIN_MS);
    }
  }

  /** Every event since the cursor in this person's channels, in one region's order. */
  async changesSince(region: string, cursor: string): Promise<readonly ChangeEvent[]> {
    const all: ChangeEvent[] = [];
    for (let from = cursor; ; ) {
      const page = await this.read(region, `/v1/changes?limit=500&cursor=${encodeURIComponent(from)}`);
      const { items, gaps } = page as unknown as { readonly items: readonly ChangeEvent[]; readonly gaps: readonly unknown[] };
      if (gaps.length > 0) throw new Error(`${region} has gaps: ${JSON.stringify(gaps)}`);
      all.push(...items);
      if (page["complete"] === true) return all;
      from = page["cursor"] as string;
    }
  }

  async cursor(region: string): Promise<string> {
    return (await this.read(region, "/v1/changes"))["cursor"] as string;
  }
}
