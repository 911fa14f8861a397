/** Everybody who wrote in the recording: each author's commands in the author's order, on a socket to the region they write in. */
import { type Asked, AuthorLine, type Outcome } from "./author-line.ts";

export interface WritersOptions {
  /** Region -> the address of its WebSocket door. */
  readonly doors: ReadonlyMap<string, string>;
  readonly tokenOf: (user: string) => Promise<string>;
}

export class Writers {
  readonly #options: WritersOptions;
  readonly #lines = new Map<string, AuthorLine>();
  /** Commands that were sent more than once: they may stand behind what their authors said later. */
  readonly again = new Set<string>();

  constructor(options: WritersOptions) {
    this.#options = options;
  }

  write(user: string, home: string, command: Asked): Promise<Outcome> {
    return this.#line(user, home).ask(command);
  }

  close(): void {
    for (const line of this.#lines.values()) line.close();
  }

  #line(user: string, home: string): AuthorLine {
    const { doors, tokenOf } = this.#options;
    const key = `${user} ${home}`;
    let line = this.#lines.get(key);
    if (line === undefined) {
      const others = [...doors].filter(([name]) => name !== home);
      line = new AuthorLine({ doors: [[home, doors.get(home) ?? ""], ...others], token: () => tokenOf(user), again: this.again });
      this.#lines.set(key, line);
    }
    return line;
  }
}
