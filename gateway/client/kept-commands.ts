/**
 * Commands that outlive the page or the process that gave them: what nobody has answered yet is kept where the program says, and the next client of the
 * same user sends it, with the same ids, so that it has one effect (T3).
 *
 * A new command is kept before anything else happens; that one is answered is written a little later, as sending it once more does no harm.
 */
import type { Timer } from "../../core/ports/time.ts";
import type { Asked } from "./asked.ts";
import type { AskedCommand } from "./commands.ts";
import { AtollError } from "./errors.ts";
import type { Surroundings } from "./surroundings.ts";

/**
 * Keeps one text, for one client at a time: two that wrote to one place would forget each other's commands. Calls do not overlap. What it throws, or
 * rejects with, is told as an error `not-kept`, and the commands go on as if there were no outbox.
 */
export interface Outbox {
  /** What was saved last; null or undefined: nothing yet. */
  load(): string | null | undefined | Promise<string | null | undefined>;
  /** In place of what was saved before; done, or resolved, when it would survive a crash. */
  save(text: string): void | Promise<void>;
}
export interface KeptCommand {
  readonly command: AskedCommand;
  /** When its author gave it, by the clock of this machine. */
  readonly askedMs: number;
}
/** By user: on a machine that several people use nobody sends what another has written. */
interface Kept {
  readonly version: 1;
  readonly users: { readonly [user: string]: readonly KeptCommand[] };
}

export interface KeptParts {
  readonly outbox: Outbox | undefined;
  readonly surroundings: Pick<Surroundings, "timers" | "now">;
  /** What nobody has answered, in the author's order. */
  readonly unanswered: () => readonly KeptCommand[];
  /** They go before all that this client was given. */
  readonly restore: (kept: readonly KeptCommand[]) => readonly Asked[];
  readonly onError: (error: AtollError) => void;
}

const ANSWERED_MS = 200;
/** Regions know a command's id for so long; later it might have its effect a second time. */
const REMEMBERED_MS = 30 * 24 * 3_600_000;

export class KeptCommands {
  readonly #parts: KeptParts;
  /** Undefined until it has been read whose commands are kept; nothing is written before. */
  #user: string | undefined;
  #others: Kept["users"] = {};
  #later: Timer | undefined;
  #saving = false;
  #isDue = false;
  #isClosed = false;
  /** As it was when the client was closed. */
  #left: readonly KeptCommand[] | undefined;

  #recalls = false;
  #restored: (asked: readonly Asked[]) => void = () => {};
  readonly restored: Promise<readonly Asked[]> = new Promise((resolve) => (this.#restored = resolve));

  constructor(parts: KeptParts) {
    this.#parts = parts;
    if (parts.outbox === undefined) this.#restored([]);
  }

  /** What earlier clients of the user have left is taken up, once, as soon as it is known who that is. */
  async recall(user: string | undefined): Promise<void> {
    const { outbox, restore, unanswered } = this.#parts;
    if (user === undefined || outbox === undefined || this.#recalls) return;
    this.#recalls = true;
    const kept = await this.#load(outbox, user);
    if (this.#isClosed) return;
    const earlier = restore(kept);
    if (unanswered().length > earlier.length) this.#save();
    this.#restored(earlier);
  }

  async #load(outbox: Outbox, user: string): Promise<readonly KeptCommand[]> {
    const { surroundings } = this.#parts;
    let text: string | null | undefined;
    try {
      text = await outbox.load();
    } catch (cause) {
      this.#failed("Nothing can be read from the outbox, and nothing is written to it.", cause);
      return [];
    }
    const { [user]: own = [], ...others } = this.#usersIn(text);
    const isKnown = ({ askedMs }: KeptCommand): boolean => surroundings.now() - askedMs < REMEMBERED_MS;
    this.#others = Object.fromEntries(
      Object.entries(others).flatMap(([name, commands]) => (commands.some(isKnown) ? [[name, commands.filter(isKnown)]] : [])),
    );
    this.#user = user;
    return own;
  }

  added(): void {
    this.#save();
  }
  answered(): void {
    this.#later ??= this.#parts.surroundings.timers.after(ANSWERED_MS, () => this.#save());
  }
  /** What is kept now stays for the next client. */
  close(): void {
    this.#left ??= this.#parts.unanswered();
    if (this.#later !== undefined) this.#save();
    this.#isClosed = true;
    this.#restored([]);
  }

  #save(): void {
    this.#later?.cancel();
    this.#later = undefined;
    if (this.#user === undefined || this.#isClosed) return;
    this.#isDue = true;
    if (!this.#saving) void this.#saveAll(this.#user);
  }

  async #saveAll(user: string): Promise<void> {
    const { outbox, unanswered } = this.#parts;
    this.#saving = true;
    while (this.#isDue) {
      this.#isDue = false;
      const own = this.#left ?? unanswered();
      const kept: Kept = { version: 1, users: { ...this.#others, ...(own.length === 0 ? {} : { [user]: own }) } };
      try {
        await outbox?.save(JSON.stringify(kept));
      } catch (cause) {
        this.#failed("The outbox did not take what waits for an answer.", cause);
      }
    }
    this.#saving = false;
  }

  #usersIn(text: string | null | undefined): Kept["users"] {
    if (text === null || text === undefined || text === "") return {};
    try {
      const kept = JSON.parse(text) as Kept;
      if (kept.version === 1 && typeof kept.users === "object") return kept.users;
    } catch {
      // Said below: what cannot be read has nothing to send.
    }
    this.#failed("The outbox held what no client of this version has written; it begins anew.");
    return {};
  }

  #failed(words: string, cause?: unknown): void {
    this.#parts.onError(
      new AtollError("not-kept", words, { cause, hint: "Commands of this client wait in memory, and are lost with it." }),
    );
  }
}
