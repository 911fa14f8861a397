import { historyStoreContract } from "../../core/ports/history-store.contract.ts";
import { openMemoryHistory } from "./memory-history.ts";

historyStoreContract("memory", async () => openMemoryHistory());
