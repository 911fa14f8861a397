/**
 * A process of its own for the tests that kill it or take its disk away. Commits pairs of rows without end and says each one that resolved;
 * a commit that is refused is said too, with what is visible of it, and then the pair is made small, so that a healthy store goes on.
 */
import { openLmdbStore } from "./lmdb-store.ts";

const [directory = "", size = "100"] = process.argv.slice(2);
const store = await openLmdbStore({ directory });
const say = (line: string) => process.stdout.write(`${line}\n`);
let text = "x".repeat(Number(size));

for (let n = 0; n < 100_000; n += 1) {
  const key = String(n).padStart(6, "0");
  try {
    await store.commit([
      { table: "facts", key, value: text },
      { table: "timeline", key, value: text },
    ]);
    say(`committed ${n}`);
    if (n > 0 && text === "small") break;
  } catch {
    const visible = [store.get("facts", key), store.get("timeline", key)].filter((row) => row !== undefined).length;
    say(`refused ${n} visible ${visible}`);
    text = "small";
  }
  await new Promise(setImmediate);
}
await store.close();
say("closed");
