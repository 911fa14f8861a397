/**
 * The people of a simulation. Each asks at the region they are at; an answer that does not come is unknown, so they ask again with the same
 * command id, often in another region. Every text is unique, so that what is found later names its author.
 */
import type { Command } from "../../core/command.ts";
import { Refusal } from "../../core/errors.ts";
import type { Policy } from "../../core/event.ts";
import type { Accepted } from "../../core/ports/acceptor.ts";
import type { Attempt, Operation } from "./history.ts";
import { HOOK_KINDS, type HookStep } from "./hook-plan.ts";
import type { Mesh } from "./mesh.ts";
import type { Crowd, Person } from "./people.ts";
import type { Step } from "./plan.ts";
import type { Random } from "./random.ts";
import { commandFor } from "./workload-commands.ts";
import { hookCommand } from "./workload-hooks.ts";

/** How long a person waits before what became of a command is unknown to them. */
const PATIENCE_MS = [900, 6_000] as const;
/** Now and then an answer is lost on its way to the person. */
const LOST_REPLY = 0.05;
const TRIES = 9;

const isHookStep = (step: Step | HookStep): step is HookStep => (HOOK_KINDS as readonly string[]).includes(step.kind);

export class Workload implements Crowd {
  readonly people: readonly Person[];
  readonly channels: string[] = [];
  readonly #mesh: Mesh;
  readonly #random: Random;
  #commands = 0;
  #open = 0;

  constructor(mesh: Mesh, users: number, random: Random) {
    this.#mesh = mesh;
    this.#random = random;
    this.people = Array.from({ length: users }, (_, index) => {
      const user = `u${index}`;
      return { user, actor: { user, roles: ["user"] }, at: mesh.regions[index % mesh.regions.length] ?? "", looked: new Map() };
    });
  }

  person(index: number): Person {
    return this.people[index % this.people.length] as Person;
  }

  /** Nobody waits for an answer or is about to ask again. */
  get idle(): boolean {
    return this.#open === 0;
  }

  nextId(): string {
    this.#commands += 1;
    return `c${this.#commands}`;
  }

  /** The first channel, with everybody in it. */
  found(policy: Policy): void {
    const founder = this.person(0);
    const members = this.people
      .slice(1)
      .map(({ user }, index) => ({ user, role: index < 2 ? ("moderator" as const) : ("member" as const) }));
    this.ask(founder, { kind: "channel.create", id: this.nextId(), name: "first", members, policy });
  }

  schedule(steps: readonly (Step | HookStep)[]): void {
    const { scheduler } = this.#mesh;
    for (const step of steps) scheduler.after(step.atMs - scheduler.nowMs, () => this.#do(step));
  }

  #do(step: Step | HookStep): void {
    const person = this.person(step.user);
    if (isHookStep(step)) {
      const command = hookCommand(this.#mesh, this, person, step);
      if (command !== undefined) this.ask(person, command);
    } else if (step.kind === "move") {
      person.at = this.#mesh.regions[Math.floor(step.dice[0] * this.#mesh.regions.length)] ?? person.at;
      this.#mesh.moved(person);
    } else if (step.kind === "away") this.#away(person, step);
    else if (step.kind === "duel") this.#duel(step);
    else {
      const command = commandFor(this.#mesh, this, person, step);
      if (command !== undefined) this.ask(person, command);
    }
  }

  /** Somebody is out of reach for a while, and the others go on talking just as they come back, over a line that may break again. */
  #away(person: Person, step: Step): void {
    const [die, other] = step.dice;
    const { scheduler } = this.#mesh;
    const backMs = 400 + die * 4_000;
    this.#mesh.away(person, backMs, other < 0.6 ? backMs + 15 + other * 60 : undefined);
    for (const delayMs of [2, 8, 14, 25]) {
      const someone = this.people[Math.floor((die * 97 + delayMs) % this.people.length)] ?? person;
      const turn: Step = { ...step, kind: "send", dice: [die, other, (die * 31 + delayMs / 26) % 1] };
      scheduler.after(backMs + delayMs, () => {
        const command = someone === person || this.#mesh.quiet ? undefined : commandFor(this.#mesh, this, someone, turn);
        if (command !== undefined) this.ask(someone, command);
      });
    }
  }

  /** Two people in two regions edit one message in the same instant. */
  #duel(step: Step): void {
    const { regions } = this.#mesh;
    const first = Math.floor(step.dice[1] * regions.length);
    for (const offset of [0, 1]) {
      const region = regions[(first + offset) % regions.length] ?? "";
      const someone = this.people.find(({ at }) => at === region) ?? this.person(0);
      const command = commandFor(this.#mesh, this, { ...someone, at: region }, { ...step, kind: "edit" });
      if (command !== undefined) this.ask(someone, command, region);
    }
  }

  ask(person: Person, command: Command, region = person.at): void {
    const operation = this.#mesh.history.begin(person.user, command);
    this.#open += 1;
    this.#try(person, operation, region);
  }

  #try(person: Person, operation: Operation, region: string): void {
    const { history, scheduler } = this.#mesh;
    const machine = this.#mesh.machine(region);
    const { serving, boots } = machine;
    if (serving === undefined) {
      this.#again(person, operation, region);
      return;
    }
    const attempt = history.invoke(operation, region, boots);
    attempt.healthy = machine.wellSince(scheduler.nowMs);
    const lost = this.#random.chance(LOST_REPLY) && !this.#mesh.quiet;
    if (lost) attempt.healthy = false;
    let open = true;
    /** The first end of an attempt counts; an answer of a life that is over is none. */
    const end = (then: () => void): void => {
      if (!open) return;
      open = false;
      attempt.healthy &&= machine.wellSince(attempt.fromMs);
      then();
    };
    const give = (code = ""): void =>
      end(() => {
        history.end(operation, attempt, "unknown", { code });
        this.#again(person, operation, region);
      });
    scheduler.after(this.#random.between(...PATIENCE_MS), give);
    serving.acceptor.submit(person.actor, operation.command).then(
      (accepted) => {
        if (!lost && machine.boots === boots) end(() => this.#answered(person, operation, region, accepted));
      },
      (refusal: unknown) => {
        if (!(refusal instanceof Refusal)) scheduler.fail(refusal instanceof Error ? refusal : new Error(String(refusal)));
        else if (refusal.retryable) give(refusal.code);
        else end(() => this.#refused(operation, attempt, refusal.code));
      },
    );
  }

  #refused(operation: Operation, attempt: Attempt, code: string): void {
    this.#mesh.history.end(operation, attempt, "refused", { code });
    this.#open -= 1;
  }

  #answered(person: Person, operation: Operation, region: string, { result, replayed }: Accepted): void {
    const attempt = operation.attempts.at(-1);
    if (attempt === undefined) return;
    operation.result ??= result as Readonly<Record<string, unknown>>;
    this.#mesh.history.end(operation, attempt, "ok", { replayed });
    const { command } = operation;
    if (command.kind === "channel.create") this.channels.push(String((result as { readonly id?: unknown }).id));
    this.#open -= 1;
    this.#mesh.answered(person, operation, region);
  }

  #again(person: Person, operation: Operation, region: string): void {
    if (operation.attempts.length >= TRIES) {
      this.#open -= 1;
      return;
    }
    const { regions, scheduler } = this.#mesh;
    const next = this.#random.chance(0.6) ? this.#random.pick(regions) : region;
    scheduler.after(this.#random.between(150, 1_500), () => this.#try(person, operation, next));
  }
}
