/** What the project's pages point at is there: files, folders and headings. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const FOREIGN = /^(node_modules|dist|\.git|\.atoll|\.terraform)$/;
const pagesIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return FOREIGN.test(entry.name) ? [] : pagesIn(join(folder, entry.name));
    return entry.name.endsWith(".md") ? [join(folder, entry.name)] : [];
  });
const pages = pagesIn("");

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
/** As code hosts name headings. */
const anchorsOf = (file: string): readonly string[] =>
  [
    ...readFileSync(file, "utf8")
      .replace(/^```[\s\S]*?^```/gm, "")
      .matchAll(/^#+ (.*)$/gm),
  ].map(([, heading = ""]) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\- _]/gu, "")
      .replaceAll(" ", "-"),
  );

function missing(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const file = path === "" ? join(ROOT, page) : resolve(ROOT, page, "..", decodeURI(path));
  if (!existsSync(file)) return true;
  return anchor !== undefined && statSync(file).isFile() && file.endsWith(".md") && !anchorsOf(file).includes(anchor);
}

test("every link of every page leads somewhere", () => {
  const links = pages.flatMap((page) =>
    [...withoutCode(readFileSync(join(ROOT, page), "utf8")).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => ({ page, link })),
  );
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter(({ page, link }) => missing(page, link)).map(({ page, link }) => `${page} -> ${link}`)).toEqual([]);
});
