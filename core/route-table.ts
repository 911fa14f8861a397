/**
 * Who is a member of what, over a whole region, small enough to be held whole: names are counted once and members stand as numbers in one array
 * (a million memberships: 4 MB and their names). It is a copy and never decides: rights are judged on registers.
 */

/** Names by number, in the order they came. */
export class Names {
  readonly #names: string[];
  #numbers: Map<string, number> | undefined;

  constructor(names: readonly string[] = []) {
    this.#names = [...names];
  }

  get size(): number {
    return this.#names.length;
  }
  at(number: number): string | undefined {
    return this.#names[number];
  }
  find(name: string): number | undefined {
    return this.#index().get(name);
  }
  number(name: string): number {
    const numbers = this.#index();
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
  all(): readonly string[] {
    return this.#names;
  }

  /** Made when first asked: a table that comes from a snapshot is there before anybody asks. */
  #index(): Map<string, number> {
    if (this.#numbers !== undefined) return this.#numbers;
    this.#numbers = new Map();
    for (let i = 0; i < this.#names.length; i += 1) this.#numbers.set(this.#names[i] ?? "", i);
    return this.#numbers;
  }
}

/** Rows of a table as they lie: those of user u are `channels[offsets[u]]` up to before `channels[offsets[u + 1]]`. */
export interface PackedRows {
  readonly users: Names;
  readonly channels: Names;
  readonly offsets: Uint32Array;
  readonly members: Uint32Array;
}

/** Takes pairs in any order, also twice, and packs them. */
export class RouteTableBuilder {
  readonly #users = new Names();
  readonly #channels = new Names();
  #pairs = new Uint32Array(2_048);
  #count = 0;
  #lastUser = "";
  #lastNumber = -1;

  add(user: string, channel: string): void {
    if (this.#lastNumber < 0 || user !== this.#lastUser) {
      this.#lastUser = user;
      this.#lastNumber = this.#users.number(user);
    }
    if (2 * this.#count === this.#pairs.length) {
      const larger = new Uint32Array(2 * this.#pairs.length);
      larger.set(this.#pairs);
      this.#pairs = larger;
    }
    this.#pairs[2 * this.#count] = this.#lastNumber;
    this.#pairs[2 * this.#count + 1] = this.#channels.number(channel);
    this.#count += 1;
  }

  /** Sorted by counting: two passes over the pairs, whatever their order. */
  build(): RouteTable {
    const offsets = new Uint32Array(this.#users.size + 1);
    for (let i = 0; i < this.#count; i += 1) offsets[this.#pairs[2 * i]! + 1]! += 1;
    for (let u = 0; u < this.#users.size; u += 1) offsets[u + 1]! += offsets[u]!;
    const members = new Uint32Array(this.#count);
    const next = offsets.slice();
    for (let i = 0; i < this.#count; i += 1) {
      const user = this.#pairs[2 * i]!;
      members[next[user]!] = this.#pairs[2 * i + 1]!;
      next[user]! += 1;
    }
    return new RouteTable({ users: this.#users, channels: this.#channels, offsets, members });
  }
}

/** Who is a member of what, packed by numbers: rows as they were read, and the changes since beside them. */
export class RouteTable {
  readonly #base: PackedRows;
  /** Users whose rows have changed since they were packed. */
  readonly #changed = new Map<number, Set<number>>();
  #entries: number;
  /** Counts the changes. */
  version = 0;

  constructor(base: PackedRows) {
    this.#base = base;
    this.#entries = base.members.length;
  }

  /** Memberships. Before the first change of its user a pair that was added twice counts twice. */
  get entries(): number {
    return this.#entries;
  }
  /** Users that have ever been seen; numbers below it name them. */
  get userCount(): number {
    return this.#base.users.size;
  }
  userAt(number: number): string | undefined {
    return this.#base.users.at(number);
  }

  channelsOf(user: string): readonly string[] {
    const number = this.#base.users.find(user);
    return number === undefined ? [] : [...this.#rowOf(number)].map((channel) => this.#base.channels.at(channel) ?? "");
  }

  has(user: string, channel: string): boolean {
    const [u, c] = [this.#base.users.find(user), this.#base.channels.find(channel)];
    if (u === undefined || c === undefined) return false;
    const changed = this.#changed.get(u);
    if (changed !== undefined) return changed.has(c);
    const { offsets, members } = this.#base;
    for (let i = offsets[u] ?? 0; i < (offsets[u + 1] ?? 0); i += 1) if (members[i] === c) return true;
    return false;
  }

  /** Returns whether that was news. */
  set(user: string, channel: string, isMember: boolean): boolean {
    if (this.has(user, channel) === isMember) return false;
    const row = this.#changing(this.#base.users.number(user));
    const number = this.#base.channels.number(channel);
    if (isMember) row.add(number);
    else row.delete(number);
    this.#entries += isMember ? 1 : -1;
    this.version += 1;
    return true;
  }

  #changing(user: number): Set<number> {
    const known = this.#changed.get(user);
    if (known !== undefined) return known;
    const packed = this.#packedRow(user);
    const row = new Set(packed);
    this.#entries -= packed.length - row.size;
    this.#changed.set(user, row);
    return row;
  }
  #rowOf(user: number): Iterable<number> {
    return this.#changed.get(user) ?? new Set(this.#packedRow(user));
  }
  /** Nothing for users who came after the rows were packed. */
  #packedRow(user: number): Uint32Array {
    const { offsets, members } = this.#base;
    return user + 1 < offsets.length ? members.subarray(offsets[user], offsets[user + 1]) : members.subarray(0, 0);
  }

  /** The rows as they stand now, packed anew. */
  packed(): PackedRows {
    const { users, channels } = this.#base;
    if (this.#changed.size === 0) return this.#base;
    const offsets = new Uint32Array(users.size + 1);
    const members = new Uint32Array(this.#entries);
    let at = 0;
    for (let u = 0; u < users.size; u += 1) {
      for (const channel of this.#changed.get(u) ?? this.#packedRow(u)) members[at++] = channel;
      offsets[u + 1] = at;
    }
    return { users, channels, offsets, members };
  }
}
