/** `atoll down`: stops the mesh and waits until nothing of it runs; also clears what a killed supervisor left behind. */
import { existsSync, rmSync } from "node:fs";
import { meshFolder } from "../mesh/folder.ts";
import { livingSupervisor, supervisorGone, sweep } from "../mesh/roster.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";

/** In order: connections 5 s, programs, servers; twice that on a busy machine. */
const STOP_MS = 60_000;

export const define: Define = (command, finish) => {
  command.addHelpText("after", examples("atoll down", "atoll down --data /tmp/mesh"));
  finish(command, async ({ options, io }: Asked) => {
    const folder = meshFolder(options.data);
    const pid = livingSupervisor(folder);
    if (pid === undefined) {
      const left = await sweep(folder);
      rmSync(folder.processesFile, { force: true });
      if (left > 0 || existsSync(folder.meshFile)) {
        rmSync(folder.meshFile, { force: true });
        return { code: 0, document: { stopped: true }, text: `the mesh had been killed; ended ${left} processes it had left` };
      }
      io.err(`atoll: no mesh runs in ${folder.root}\n`);
      return { code: 0, document: { stopped: true } };
    }
    const gone = supervisorGone(folder, STOP_MS);
    const { order } = await import("../mesh/control.ts");
    try {
      await order(folder.socket, { order: "stop" });
    } catch {
      process.kill(pid, "SIGTERM"); // it is starting, or stopping already
    }
    if (!(await gone))
      throw new Stop(
        1,
        `the mesh (pid ${pid}) has not stopped within ${STOP_MS / 1000} s`,
        `end it by force: kill -9 ${pid} && atoll down --data ${folder.root}`,
      );
    return { code: 0, document: { stopped: true }, text: "stopped; the data stay" };
  });
};
