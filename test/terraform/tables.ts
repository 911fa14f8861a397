/** The tables of inputs and outputs in a module's README, made from its `variables.tf` and `outputs.tf`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const BEGIN = "<!-- inputs and outputs: made from variables.tf and outputs.tf -->";
const END = "<!-- end -->";

interface Block {
  readonly name: string;
  readonly body: string;
}

/** Top-level blocks of one kind; their closing brace stands alone at the start of a line, as `terraform fmt` writes it. */
function blocks(text: string, kind: "variable" | "output"): readonly Block[] {
  return [...text.matchAll(new RegExp(`^${kind} "([^"]+)" \\{\\n(.*?)^\\}`, "gms"))].map(([, name = "", body = ""]) => ({ name, body }));
}
const description = ({ name, body }: Block, file: string): string => {
  const found = /^ {2}description = "(.*)"$/m.exec(body)?.[1];
  if (found === undefined) throw new Error(`${file}: ${name} has no description`);
  return found.replaceAll('\\"', '"');
};
/** "string", "object", "map(…)": the first word tells enough, the file tells all. */
const typeOf = ({ body }: Block): string => {
  const [, type = "any"] = /^ {2}type\s+= (.*)$/m.exec(body) ?? [];
  return type
    .replace(/\((\{|object\(\{).*$/, "($1…")
    .replace(/\(\{…$/, "")
    .replace(/\(object\(\{…$/, "(object)");
};
const defaultOf = ({ body }: Block): string => {
  const [, value] = /^ {2}default\s+= (.*)$/m.exec(body) ?? [];
  return value === undefined ? "required" : `\`${value === "{" ? "{…}" : value}\``;
};

const read = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

export function tablesOf(folder: string): string {
  const variables = blocks(read(join(folder, "variables.tf")), "variable");
  const outputs = blocks(read(join(folder, "outputs.tf")), "output");
  const inputs = variables.map(
    (one) =>
      `| \`${one.name}\` | ${description(one, folder)} | \`${typeOf(one)}\` | ${defaultOf(one)}${/^ {2}sensitive\s+= true/m.test(one.body) ? ", sensitive" : ""} |`,
  );
  const given = outputs.map((one) => `| \`${one.name}\` | ${description(one, folder)} |`);
  return [
    BEGIN,
    "",
    "| input | meaning | type | default |",
    "|---|---|---|---|",
    ...inputs,
    "",
    "| output | meaning |",
    "|---|---|",
    ...given,
    "",
    END,
  ].join("\n");
}

/** The README with its tables as they should be. */
export function withTables(readme: string, tables: string): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  return from < 0 || to < 0 ? `${readme.trimEnd()}\n\n${tables}\n` : readme.slice(0, from) + tables + readme.slice(to + END.length);
}
