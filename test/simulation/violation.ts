/** A law broken: which, and how it showed. */
export class Violation extends Error {
  readonly law: string;

  constructor(law: string, text: string) {
    super(`${law}: ${text}`);
    this.law = law;
  }
}
