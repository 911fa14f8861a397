/**
 * Runs a command beside real stores, named to it in ATOLL_UP_ARGS and in the variables that `atoll up` reads:
 *   npm run with-stores -- ./atoll up
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { startAllStores, upArguments } from "./all-stores.ts";
import { makeRunFolder } from "./run-folder.ts";

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error("name a command: npm run with-stores -- ./atoll up");
  process.exit(2);
}
const folder = makeRunFolder();
const stores = await startAllStores();
const environment = {
  ...process.env,
  ATOLL_UP_ARGS: upArguments(stores).join(" "),
  ATOLL_CASSANDRA_CONTACT_POINTS: stores.addresses.cassandra,
  ATOLL_MONGODB_URI: stores.addresses.mongodb,
  ATOLL_REDIS_URL: stores.addresses.redis,
};
const child = spawn(program, args, { env: environment, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
const code = await new Promise<number>((done) => {
  child.once("error", (error) => {
    console.error(error.message);
    done(2);
  });
  child.once("exit", (status) => done(status ?? 1));
});
await stores.stop();
rmSync(folder, { recursive: true, force: true });
process.exit(code);
