import { directoryStoreContract } from "../../core/ports/directory-store.contract.ts";
import { openMemoryDirectory } from "./memory-directory.ts";

const directory = openMemoryDirectory();
directoryStoreContract("in memory", async () => directory);
