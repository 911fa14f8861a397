/** What the system refuses, and what mends it. */
import { MORE_FILES } from "../open-files.ts";

const MENDS: Readonly<Record<string, string>> = {
  EACCES: "let this user read and write it, or name another folder: --data",
  EROFS: "name a folder that can be written: --data",
  ENOTDIR: "name a folder: --data",
  ENOSPC: "free some space, or name another folder: --data",
  EMFILE: MORE_FILES,
  ENFILE: MORE_FILES,
};

/** Undefined for what is no such refusal. */
export const mendOfRefusal = (error: unknown): string | undefined =>
  error instanceof Error && "syscall" in error ? MENDS[(error as NodeJS.ErrnoException).code ?? ""] : undefined;
