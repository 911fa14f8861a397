// Rebuilds the schema of a Terraform provider's types from the bindings that are published for it on npm (@cdktf/provider-aws; text is read, nothing is
// run): attributes with their types, nested blocks, what is required, what the cloud fills in. What the bindings do not say is not here either:
// enumerations, conflicts, which optional attributes are computed too, what forces a replacement.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const PRIMITIVE = { string: "string", number: "number", boolean: "bool", any: "dynamic" };
const GETTERS = {
  String: "string",
  Number: "number",
  Boolean: "bool",
  List: ["list", "string"],
  NumberList: ["list", "number"],
  StringMap: ["map", "string"],
};
const DEEPEST = 8;

/** Name of each class of a file -> its text. */
function classesOf(text) {
  const found = [...text.matchAll(/^class (\w+) extends/gm)];
  return new Map(found.map((one, i) => [one[1], text.slice(one.index, found[i + 1]?.index)]));
}

/** The table of what may be written, as it stands in a function that renders HCL. */
function tableAfter(text, from) {
  const start = text.indexOf("const attrs = {", from);
  if (from < 0 || start < 0) return [];
  const rows = /\n\s+"?([a-z0-9_]+)"?: \{\s+value: .*\s+isBlock: (true|false),\s+type: "(\w+)",\s+storageClassType: "(\w+)",/g;
  const indent = /[ \t]*$/.exec(text.slice(0, start))[0];
  const table = text.slice(start, text.indexOf(`\n${indent}};`, start));
  return [...table.matchAll(rows)].map(([, name, isBlock, type, storage]) => ({ name, isBlock: isBlock === "true", type, storage }));
}

const bare = (name) => name.replaceAll("_", "").toLowerCase();

/** Which properties of an interface are required, by their names without underscores. */
function requiredOf(declarations, name) {
  const start = declarations.indexOf(`export interface ${name} `);
  if (start < 0) return new Set();
  const text = declarations.slice(start, declarations.indexOf("\n}", start));
  return new Set([...text.matchAll(/readonly (\w+):/g)].map(([, property]) => bare(property)));
}

/** What only the cloud sets: getters without setters. */
function filledIn(classes, name, depth = 0) {
  const text = classes.get(name) ?? "";
  const attributes = {};
  for (const [, property, body] of text.matchAll(/\n {4}get (\w+)\(\) \{\s+return ([^;]+);/g)) {
    if (text.includes(`set ${property}(`) || property.endsWith("Input")) continue;
    const simple = /this\.get(\w+?)Attribute\(['"]([a-z0-9_]+)['"]\)/.exec(body);
    if (simple && GETTERS[simple[1]])
      attributes[simple[2]] = { type: /tolist/.test(body) ? ["set", "string"] : GETTERS[simple[1]], computed: true };
    const nested = new RegExp(`this\\._${property} = new (\\w+?)(List)?\\(this, "([a-z0-9_]+)"`).exec(text);
    if (!nested || text.includes(`put${property[0].toUpperCase()}${property.slice(1)}(`) || depth >= DEEPEST) continue;
    const inner = filledIn(classes, `${nested[1]}OutputReference`, depth + 1);
    const fields = Object.fromEntries(Object.entries(inner).map(([field, { type }]) => [field, type]));
    attributes[nested[3]] = { type: ["list", ["object", fields]], computed: true };
  }
  return attributes;
}

function blockOf(source, table, written, holder, depth = 0) {
  const { text, declarations, classes } = source;
  const required = requiredOf(declarations, written);
  const block = { attributes: filledIn(classes, holder), block_types: {} };
  for (const { name, isBlock, type, storage } of table) {
    const must = required.has(bare(name));
    if (!isBlock) {
      const element = PRIMITIVE[storage.replace(/(List|Set|Map)$/, "")] ?? "string";
      block.attributes[name] = {
        type: type === "simple" ? (PRIMITIVE[storage] ?? "dynamic") : [type, element],
        [must ? "required" : "optional"]: true,
      };
      continue;
    }
    const inner = storage.replace(/(List|Map)$/, "").replace(/OutputReference$/, "");
    const rows =
      depth < DEEPEST ? tableAfter(text, text.indexOf(`function ${inner[0].toLowerCase()}${inner.slice(1)}ToHclTerraform(`)) : [];
    const one = type === "struct" || new RegExp(`new ${inner}OutputReference\\(this, "${name}"`).test(classes.get(holder) ?? "");
    block.block_types[name] = {
      nesting: { set: "SET", struct: "SINGLE" }[type] ?? "LIST",
      block: blockOf(source, rows, inner, `${inner}OutputReference`, depth + 1),
      ...(must && type !== "struct" ? { min_items: 1 } : {}),
      ...(one && type !== "struct" ? { max_items: 1 } : {}),
    };
  }
  return block;
}

/** `kinds`: names of folders in the package, like "eks-cluster", "data-aws-partition", "provider". */
export function schemaOf(packageFolder, kinds) {
  const schema = { version: "", provider: undefined, resources: {}, data: {} };
  for (const kind of kinds) {
    const read = (file) => readFileSync(join(packageFolder, "lib", kind, file), "utf8");
    const [text, declarations] = [read("index.js"), read("index.d.ts")];
    const classes = classesOf(text);
    const main = [...classes.keys()].at(-1);
    const block = blockOf(
      { text, declarations, classes },
      tableAfter(text, text.lastIndexOf("synthesizeHclAttributes()")),
      `${main}Config`,
      main,
    );
    if (block.attributes.id) block.attributes.id = { type: "string", optional: true, computed: true };
    schema.version = /providers\/hashicorp\/aws\/([\d.]+)\//.exec(text)?.[1] ?? schema.version;
    const name = /terraformResourceType: ["'](\w+)["']/.exec(text)?.[1];
    if (kind === "provider") schema.provider = block;
    else schema[kind.startsWith("data-") ? "data" : "resources"][name] = block;
  }
  return schema;
}
