import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateStoreContract } from "../../core/ports/state-store.contract.ts";
import { openLmdbStore } from "./lmdb-store.ts";

stateStoreContract("lmdb", async () => {
  const directory = await mkdtemp(join(tmpdir(), "atoll-store-"));
  return {
    open: () => openLmdbStore({ directory: join(directory, "state") }),
    wipe: () => rm(directory, { recursive: true }),
  };
});
