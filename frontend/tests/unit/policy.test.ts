/** The content security policy: written in index.html and, for the asset canister, in .ic-assets.json5. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** The one policy in a file: directive names to their sources. */
function policy(path: string, pattern: RegExp): Record<string, string[]> {
  const found = [...read(path).matchAll(pattern)];
  expect(found.length, `policies in ${path}`).toBe(1);
  const directives = (found[0]?.[1] ?? '').split(';').map((directive) => directive.trim().split(/\s+/));
  return Object.fromEntries(directives.map(([name, ...sources]) => [name, sources]));
}

const inHtml = policy('index.html', /http-equiv="Content-Security-Policy" content="([^"]*)"/g);
const inHeader = policy('public/.ic-assets.json5', /'Content-Security-Policy':\s*"([^"]*)"/g);
const LOOPBACK = /127\.0\.0\.1|localhost|\[::1\]/;

it('in production allows no connection to this computer', () => {
  expect(JSON.stringify(inHeader)).not.toMatch(LOOPBACK);
});

it('is the same twice, except for the local networks of the page and for directives that only a header can have', () => {
  const { 'frame-ancestors': framing, ...header } = inHeader;
  expect(framing).toEqual(["'none'"]);
  const connections = inHtml['connect-src']?.filter((source) => !LOOPBACK.test(source));
  expect(header).toEqual({ ...inHtml, 'connect-src': connections });
  expect(inHtml['connect-src']).not.toEqual(connections);
});
