/** What somebody was told, in the order in which it came: nothing missing, nothing twice (L4), each author's in their order (L5). */
export interface Told {
  readonly position: string;
  readonly kind: string;
  readonly actor: string;
  readonly command: string;
  readonly data: { readonly message?: unknown };
}

export class Ledger {
  /** "author command" -> how often it was told. */
  readonly #told = new Map<string, number>();
  readonly #positions = new Set<string>();
  /** "author in region" -> commands as they came. */
  readonly #order = new Map<string, string[]>();
  readonly #messages = new Map<string, string>();
  readonly #again: string[] = [];

  hear({ position, kind, actor, command, data }: Told): void {
    if (!/^(message|reaction)\./.test(kind)) return;
    const key = `${actor} ${command}`;
    this.#messages.set(key, String(data.message));
    if (this.#positions.has(position)) this.#again.push(`${key} at ${position}`);
    else this.#told.set(key, (this.#told.get(key) ?? 0) + 1);
    this.#positions.add(position);
    const line = `${actor} in ${position.slice(0, position.indexOf("."))}`;
    const said = this.#order.get(line) ?? [];
    said.push(key);
    this.#order.set(line, said);
  }

  /** Ids of the messages that these commands made or changed, as far as they were told. */
  touchedBy(commands: Iterable<string>): readonly string[] {
    return [...commands].flatMap((command) => this.#messages.get(command) ?? []);
  }
  missing(commands: Iterable<string>): readonly string[] {
    return [...commands].filter((command) => !this.#told.has(command));
  }
  /** Events that were told twice, and commands that were told as more events than one. `twins`: those of which two are nobody's fault. */
  twice(twins: ReadonlySet<string>): readonly string[] {
    const two = [...this.#told].filter(([command, times]) => times > (twins.has(command) ? 2 : 1));
    return [...this.#again, ...two.map(([command]) => command)];
  }
  /** "earlier before later" for each pair that came the other way round. `retried`: their place is nobody's promise. */
  disorder(retried: ReadonlySet<string>): readonly string[] {
    return [...this.#order].flatMap(([line, commands]) => {
      const said = commands
        .filter((command) => !retried.has(command))
        .map((command) => Number(command.slice(command.lastIndexOf("-") + 1)));
      return said.flatMap((nth, i) => (i > 0 && nth < (said[i - 1] ?? 0) ? [`${line}: ${said[i - 1]} before ${nth}`] : []));
    });
  }
}
