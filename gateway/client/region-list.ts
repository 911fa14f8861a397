/** Where to connect: the regions that were given, and the order that the mesh itself names (welcome and goodbye carry it), so that a client moves without DNS. */
import type { RankedRegion } from "../../core/objects.ts";
import { AtollError } from "./errors.ts";

export interface RegionAddress {
  /** Known once a region has named itself. */
  readonly name: string | undefined;
  /** "https://us.example.com". */
  readonly url: string;
}

/** AtollError `options` for what is no address. */
export function addressOf(given: string | { readonly name?: string; readonly url: string }): RegionAddress {
  const { name, url } = typeof given === "string" ? { name: undefined, url: given } : given;
  if (!URL.canParse(url) || !/^(https?|wss?):$/.test(new URL(url).protocol))
    throw new AtollError("options", `"${url}" is no address of a region.`, { hint: 'Give one like "https://us.example.com".' });
  return { name, url: url.replace(/^ws/, "http").replace(/\/+$/, "") };
}

export class RegionList {
  readonly #given: readonly RegionAddress[];
  #order: readonly RegionAddress[];
  #current: RegionAddress;
  /** Urls that did not take us since all was well. */
  readonly #tried = new Set<string>();
  #rounds = 0;

  /** `first`: name of the region to begin with. AtollError `options` where no address goes by it. */
  constructor(given: readonly RegionAddress[], first?: string) {
    const [head] = given;
    if (head === undefined) throw new AtollError("options", "There is no region to connect to.", { hint: "Give `regions` or `url`." });
    this.#given = given;
    this.#order = given;
    this.#current = head;
    if (first !== undefined) this.choose(first);
  }

  get current(): RegionAddress {
    return this.#current;
  }
  /** How often all of them have been tried in vain. */
  get rounds(): number {
    return this.#rounds;
  }
  /** The current one, then the others in order. */
  fromHere(): readonly RegionAddress[] {
    return [this.#current, ...this.#order.filter(({ url }) => url !== this.#current.url)];
  }
  urlOf(name: string): string | undefined {
    return this.#order.find((one) => one.name === name)?.url;
  }

  /** The mesh has named the order for this client; those that were given and are not in it stay at its end. An empty one says nothing. */
  rank(ranked: readonly RankedRegion[], here?: string): void {
    if (ranked.length > 0) {
      const named = ranked.map(({ name, url }) => ({ name, url: url.replace(/\/+$/, "") }));
      const isNamed = (one: RegionAddress): boolean => named.some(({ name, url }) => url === one.url || name === one.name);
      this.#order = [...named, ...this.#given.filter((one) => !isNamed(one))];
    }
    if (here !== undefined) this.#current = { name: here, url: this.#current.url };
  }

  /** By hand. AtollError `options` for a name that nobody has told. */
  choose(name: string): void {
    const found = this.#order.find((one) => one.name === name);
    if (found === undefined)
      throw new AtollError("options", `No region is known by the name "${name}".`, {
        hint: "Name it in `regions` with its url, or wait for the first welcome.",
      });
    this.#current = found;
    this.settled();
  }

  /** It does not take us: on to the first of the order that has not been tried; when none is left, all once more. */
  next(): void {
    this.#tried.add(this.#current.url);
    const isNew = ({ url }: RegionAddress): boolean => !this.#tried.has(url);
    let found = this.#order.find(isNew);
    if (found === undefined) {
      this.#rounds += 1;
      this.#tried.clear();
      found = this.#order.find(({ url }) => url !== this.#current.url);
    }
    this.#current = found ?? this.#current;
  }

  /** All is well, for long enough to say so. */
  settled(): void {
    this.#tried.clear();
    this.#rounds = 0;
  }
}
