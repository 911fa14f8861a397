/** What an idle connection costs the server's memory: welcomed, one channel followed; against a bare `ws` server with the same sockets. */
import { openCrowd } from "./crowd.ts";
import { head, inTurns, sizeOf, tell } from "./measure.ts";

const SOCKETS = sizeOf(1_000, 1_000);

async function perConnection(kind: "ours" | "plain"): Promise<{ readonly rss: number; readonly heap: number }> {
  const crowd = await openCrowd(kind);
  await crowd.join(SOCKETS); // the heap grows with the first ones, by what connecting throws away

  const before = await crowd.facts();
  await crowd.join(SOCKETS);
  const after = await crowd.facts();
  crowd.end();
  return { rss: (after.rssBytes - before.rssBytes) / SOCKETS / 1024, heap: (after.heapBytes - before.heapBytes) / SOCKETS / 1024 };
}

head(`memory: ${SOCKETS} idle connections beside as many others`);
const came = await inTurns(
  () => perConnection("ours"),
  () => perConnection("plain"),
);
tell([
  {
    name: "memory a connection (RSS)",
    unit: "KiB",
    ours: came.ours.map(({ rss }) => rss),
    floor: came.floor.map(({ rss }) => rss),
    target: "<= 2.2x ws (hono is 1.9x)",
    holds: (a, b) => a / b <= 2.2,
  },
  {
    name: "of it JavaScript's heap",
    unit: "KiB",
    ours: came.ours.map(({ heap }) => heap),
    floor: came.floor.map(({ heap }) => heap),
    target: "told",
    holds: () => true,
  },
]);
