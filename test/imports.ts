/** What files import, read off their text, and the circles in it. */

/** What a file imports or passes on, types too, as it is written there. */
export const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|^import "([^"]+)"/gm)].map(
    (found) => found[1] ?? found[2] ?? found[3] ?? "",
  );

/** The paths of circles, each from a file back to itself; none where imports go one way only. Of circles that share a file one may hide another. */
export function circlesIn(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const left = new Set<string>();
  const path: string[] = [];
  const circles: string[][] = [];
  const walk = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) circles.push([...path.slice(at), file]);
    if (at >= 0 || left.has(file)) return;
    path.push(file);
    for (const next of imports.get(file) ?? []) walk(next);
    path.pop();
    left.add(file);
  };
  for (const file of imports.keys()) walk(file);
  return circles;
}
