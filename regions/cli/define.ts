/** How a command is written: it adds its arguments and options to a command, and gives what to do. */
import type { Command } from "commander";
import type { Answer, Io } from "./answer.ts";
import { Stop } from "./answer.ts";

export interface Asked<O = object> {
  readonly options: O & { readonly data: string };
  readonly args: readonly string[];
  readonly io: Io;
  readonly json: boolean;
}
type Act = (asked: Asked<never>) => Promise<Answer>;
/** Gives a command (or one of its own sub-commands) the options that all have, and what it does. */
export type Finish = (command: Command, act: Act) => void;
export type Define = (command: Command, finish: Finish) => void;

/** For options that may be given several times. */
export const collect = (value: string, former: readonly string[] = []): readonly string[] => [...former, value];

/** What was given for an option without which nothing can be done. Commander would miss it before it saw that one was mistyped ("did you mean"). */
export function needed(value: string | undefined, option: string): string {
  if (value === undefined) throw new Stop(2, `required option '${option}' not specified`);
  return value;
}

export const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
