/** Commands that the contract names and this version does not have yet: they say so, and which version brings them. */
import { Stop } from "./answer.ts";

export const comesWith = (what: string, version: string, meanwhile: string): Stop =>
  new Stop(2, `${what} comes with version ${version}`, meanwhile);
