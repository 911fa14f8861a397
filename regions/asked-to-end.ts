/** When a process of ours is to end: a signal, or the end of the supervisor's channel. Resolves with which of them it was. */
export function askedToEnd(): Promise<string> {
  return new Promise((done) => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "disconnect"] as const) process.once(signal, () => done(signal));
  });
}
