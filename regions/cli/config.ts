/** `atoll config`: is the configuration sound, what is in force, what can be set. Secrets are never shown. */
import { DOCUMENTATION, type Documented, redacted } from "../config.ts";
import type { Asked, Define } from "./define.ts";
import { examples } from "./define.ts";
import { addSettings, gatherSettings, problemLine, type SettingOptions, soundNameServerSettings, soundSettings } from "./settings.ts";

const shown = (value: unknown): string => (value === null ? "–" : Array.isArray(value) ? value.join(",") : String(value));
const line = ({ key, flag, default: standard, required, about }: Documented): string =>
  `${key}${flag === null ? "" : `  ${flag}`}\n    ${about}\n    ${required ? "required" : `default: ${shown(standard)}`}`;

export const define: Define = (command, finish) => {
  command.addHelpText("after", examples("atoll config check", "atoll config print --json", "atoll config doc"));
  const check = command.command("check").description("Say whether the configuration is sound; exit 1 if not.");
  const print = command.command("print").description("What is in force, secrets redacted.");
  for (const one of [check, print]) addSettings(one);
  finish(check, async ({ options, io }: Asked<SettingOptions>) => {
    const read = gatherSettings(options, io.environment);
    if (read.ok) return { code: 0, document: { ok: true, problems: [] }, text: "sound" };
    return { code: 1, document: { ok: false, problems: read.problems }, text: read.problems.map(problemLine).join("\n") };
  });
  finish(print, async ({ options, io }: Asked<SettingOptions>) => {
    const settings = redacted(soundNameServerSettings(options, io.environment) ?? soundSettings(options, io.environment));
    const text = Object.entries(settings).map(([key, value]) => `${key}=${shown(value)}`);
    return { code: 0, document: settings, text: text.join("\n") };
  });
  finish(command.command("doc").description("Every setting: variable, flag, default, meaning."), async () => ({
    code: 0,
    document: { settings: DOCUMENTATION },
    text: DOCUMENTATION.map(line).join("\n"),
  }));
};
