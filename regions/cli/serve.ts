/** `atoll serve`: one region's process, told by its environment. Runs until SIGTERM, then drains. */
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { leave } from "./leave.ts";
import { addSettings, type SettingOptions, soundSettings } from "./settings.ts";

export const define: Define = (command, finish) => {
  addSettings(command);
  command.addHelpText(
    "after",
    `${examples("ATOLL_REGION=us ATOLL_TOPOLOGY=topology.json ATOLL_AUTH_SECRET=… atoll serve", "atoll serve --config us.env --port 8080")}\n\nEvery flag is also a variable (--nats-url is ATOLL_NATS_URL): atoll config doc`,
  );
  finish(command, async ({ options, io }: Asked<SettingOptions>) => {
    const config = soundSettings(options, io.environment);
    const [{ serveRegion }, { CannotServe }] = await Promise.all([import("../serve.ts"), import("../refusal.ts")]);
    try {
      await serveRegion(config);
    } catch (error) {
      if (error instanceof CannotServe) throw new Stop(2, error.message);
      throw error;
    }
    setImmediate(leave, 0);
    return { code: 0, document: undefined };
  });
};
