/** Who listens to what: names and what comes with each. */
export class Listeners<Happenings extends object> {
  readonly #byName = new Map<keyof Happenings, Set<(what: never) => void>>();

  /** Returns what ends it. */
  on<Name extends keyof Happenings>(name: Name, listener: (what: Happenings[Name]) => void): () => void {
    let listeners = this.#byName.get(name);
    if (listeners === undefined) this.#byName.set(name, (listeners = new Set()));
    const own = (what: Happenings[Name]): void => listener(what);
    listeners.add(own);
    return () => void listeners.delete(own);
  }

  /** What a listener throws is nobody's here: it is thrown in a turn of its own, and the others hear all the same. */
  tell<Name extends keyof Happenings>(name: Name, what: Happenings[Name]): void {
    for (const listener of [...(this.#byName.get(name) ?? [])])
      try {
        (listener as (what: Happenings[Name]) => void)(what);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
  }
}
