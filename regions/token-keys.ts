/**
 * The public keys of whoever signs this mesh's tokens elsewhere (a JWK set behind a URL, RFC 7517). They are asked for by this region's own word
 * only, never by a token's; and who once knew them goes on with them: an identity provider out of reach, like any other partition, keeps nobody
 * out who holds a good token, also across restarts (P1).
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, errors, type JSONWebKeySet, type LocalJWKSet } from "jose";
import { Refusal } from "../core/errors.ts";
import type { Timers } from "../core/ports/time.ts";
import type { Log, TokenKeys } from "../gateway/parts.ts";

export interface TokenKeyParts {
  readonly url: string;
  /** Where they are kept for the next start. */
  readonly folder: string;
  readonly timers: Timers;
  readonly log: Log;
}

/** Keys that were withdrawn are let go of so soon; and an unknown one is asked for this seldom, whoever makes tokens up. */
const AGAIN_MS = 10 * 60_000;
const UNKNOWN_MS = 30_000;
const ANSWER_MS = 5_000;
const MOST_BYTES = 262_144;
const FILE = "token-keys.json";

/** Begins to ask at once; `first` resolves when that has an end, well or ill. */
export function openTokenKeys(parts: TokenKeyParts): TokenKeys & { readonly first: Promise<void>; end(): void } {
  const { url, folder, timers, log } = parts;
  const file = join(folder, FILE);
  let text = "";
  let known: LocalJWKSet | undefined;
  let edition = 0;
  let asking: Promise<void> | undefined;
  let askedMs = Number.NEGATIVE_INFINITY;

  const take = (said: string): boolean => {
    if (said === text) return false;
    known = setOf(said); // throws before anything changes
    text = said;
    edition += 1;
    return true;
  };
  try {
    take(readFileSync(file, "utf8"));
  } catch {} // none were kept, or none that can be read

  const ask = (): Promise<void> => {
    askedMs = timers.monotonicMs();
    asking ??= fetchSet(url)
      .then((said) => {
        if (take(said)) keep(folder, file, said);
      })
      .catch((error: unknown) =>
        log.warn(
          { event: "token-keys.unread", why: wordsOf(error), known: known !== undefined },
          "the keys of tokens could not be read; those that are known hold",
        ),
      )
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
  const first = ask();
  const again = timers.every(AGAIN_MS, () => void ask());

  return {
    edition: () => edition,
    find: async (header, token) => {
      if (known === undefined) await (asking ?? (isDue(timers, askedMs, ANSWER_MS) ? ask() : undefined));
      if (known === undefined)
        throw new Refusal("unavailable", "The keys that tokens are signed with cannot be read yet.", { retryAfterS: 5 });
      try {
        return await known(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || (asking === undefined && !isDue(timers, askedMs, UNKNOWN_MS))) throw error;
        await (asking ?? ask());
        return known(header, token);
      }
    },
    first,
    end: () => again.cancel(),
  };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message;
}

const isDue = (timers: Timers, askedMs: number, afterMs: number): boolean => timers.monotonicMs() - askedMs >= afterMs;

function setOf(text: string): LocalJWKSet {
  const set = JSON.parse(text) as JSONWebKeySet;
  if (!Array.isArray(set.keys) || set.keys.length === 0) throw new Error("it names no keys");
  return createLocalJWKSet(set);
}

async function fetchSet(url: string): Promise<string> {
  const answer = await fetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
    redirect: "error",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  if (answer.status !== 200 || answer.body === null) throw new Error(`it answered ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`it answered more than ${MOST_BYTES} bytes`);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  setOf(text);
  return text;
}

/** Public keys: no secret. Whole or not at all. */
function keep(folder: string, file: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
