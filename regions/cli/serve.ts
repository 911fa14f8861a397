/** `atoll serve`: one region's process, or the mesh's name server, told by its environment. Runs until SIGTERM, then drains. */
import { shareOf } from "../role-settings.ts";
import { Stop } from "./answer.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { leave } from "./leave.ts";
import { addSettings, type SettingOptions, soundNameServerSettings, soundSettings } from "./settings.ts";

export const define: Define = (command, finish) => {
  addSettings(command);
  command.option("--role <list>", "the same as --roles");
  command.addHelpText(
    "after",
    `${examples(
      "ATOLL_REGION=us ATOLL_TOPOLOGY=topology.json ATOLL_AUTH_SECRET=… atoll serve",
      "atoll serve --config us.env --port 8080",
      "atoll serve --config us.env --role reconciler --port 8790                         # the one that decides",
      "atoll serve --config us.env --role gateway --reconciler-url http://10.0.0.5:8790   # as many as there are sockets to hold",
      "atoll serve --role geodns --topology topology.json --dns-port 53",
    )}\n\nEvery flag is also a variable (--nats-url is ATOLL_NATS_URL): atoll config doc`,
  );
  finish(command, async ({ options, io }: Asked<SettingOptions>) => {
    const { CannotServe } = await import("../refusal.ts");
    try {
      await serve(options["role"] === undefined ? options : { ...options, roles: options["role"] }, io.environment);
    } catch (error) {
      if (error instanceof Stop) throw error;
      // What had begun (looks at regions, timers) would keep it alive, answering nobody; what is wrong is printed first.
      setImmediate(leave, error instanceof CannotServe ? 2 : 1);
      if (error instanceof CannotServe) throw new Stop(2, error.message);
      throw error;
    }
    setImmediate(leave, 0);
    return { code: 0, document: undefined };
  });
};

async function serve(options: SettingOptions, environment: NodeJS.ProcessEnv): Promise<void> {
  const alone = soundNameServerSettings(options, environment);
  if (alone !== undefined) return (await import("../serve-geodns.ts")).serveGeoDns(alone);
  const config = soundSettings(options, environment);
  if (!config.ATOLL_ROLES.includes("reconciler")) return (await import("../serve-gateway.ts")).serveGateway(config);
  const share = shareOf(config);
  if (share.nth > 1) return (await import("../serve-share.ts")).serveShare(config, share);
  return (await import("../serve.ts")).serveRegion(config);
}
