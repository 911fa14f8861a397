/** The user's token, and when it wants another: a JWT says in its payload when it ends, any other text says nothing and is kept until it is refused. */
import { AtollError } from "./errors.ts";

/** Before its end, and a fifth of what is left of it at most. */
const MARGIN_MS = 60_000;
const SOONEST_MS = 1_000;

export class Tokens {
  readonly #give: () => Promise<string>;
  readonly #now: () => number;
  #latest: string | undefined;

  constructor(give: () => Promise<string>, now: () => number) {
    this.#give = give;
    this.#now = now;
  }

  /** AtollError `token` where none can be had. */
  async fresh(): Promise<string> {
    try {
      return (this.#latest = await this.#give());
    } catch (cause) {
      throw new AtollError("token", "`token` gave no token.", {
        cause,
        hint: "It is called for every connection, and before the last one ends.",
      });
    }
  }
  async latest(): Promise<string> {
    return this.#latest ?? this.fresh();
  }

  /** Whose it is, as far as it says. */
  user(): string | undefined {
    const sub = this.#latest === undefined ? undefined : claimsOf(this.#latest)["sub"];
    return typeof sub === "string" ? sub : undefined;
  }

  /** Undefined where the token does not say when it ends. */
  renewInMs(): number | undefined {
    const exp = this.#latest === undefined ? undefined : claimsOf(this.#latest)["exp"];
    if (typeof exp !== "number") return undefined;
    const leftMs = exp * 1_000 - this.#now();
    return Math.max(SOONEST_MS, leftMs - Math.min(MARGIN_MS, leftMs / 5));
  }
}

/** Nothing of what is no JWT. They are read, not believed: the region judges them. */
function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    const payload = token.split(".")[1] ?? "";
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof claims === "object" && claims !== null ? (claims as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
