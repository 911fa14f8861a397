/** Pages that need nothing but themselves: no other host is asked for a script, a style or a font. */
import { createHash } from "node:crypto";

export interface Page {
  readonly title: string;
  readonly style: string;
  readonly body: string;
  readonly script?: string;
}

const BASE_STYLE = `
:root { color-scheme: light dark; --ink: #16202a; --soft: #5d6b78; --line: #d9e0e6; --card: #ffffff; --back: #f4f7f9; --sea: #0b7285; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #93a1ae; --line: #2b3843; --card: #16202a; --back: #0d151c; --sea: #3bc9db; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 ui-sans-serif, system-ui, "Segoe UI", sans-serif }
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.05rem; margin: 2rem 0 .6rem }
a { color: var(--sea) } code, pre { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: .9em }
.soft { color: var(--soft) } .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem }`;

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign] ?? sign);

export function htmlPage({ title, style, body, script }: Page): Response {
  const hash = script === undefined ? "" : ` 'sha256-${createHash("sha256").update(script).digest("base64")}'`;
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title>
<style>${BASE_STYLE}${style}</style></head>
<body><main>${body}</main>${script === undefined ? "" : `<script>${script}</script>`}</body></html>`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      // The console asks the other regions too; everything else comes from here.
      "content-security-policy": `default-src 'none'; style-src 'unsafe-inline'; script-src${hash || " 'none'"}; connect-src 'self' http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });
}
