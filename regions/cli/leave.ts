/** The end of a process that ran for long: a connection that is still being tried, or a channel, must not keep it alive; what was printed gets out first. */
export const leave = (code: number): void => {
  process.stdout.write("", () => process.exit(code));
};
