import { eventLogContract } from "../../core/ports/event-log.contract.ts";
import { emptyLog, type KeptLog, openMemoryLog } from "./memory-log.ts";

let kept: KeptLog;
eventLogContract(
  "memory",
  async () => {
    kept = emptyLog();
    return openMemoryLog("us", 1, kept);
  },
  async () => openMemoryLog("us", 1, kept),
);
