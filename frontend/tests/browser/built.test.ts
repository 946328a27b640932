/** The page as it is shipped: its size, and that it does not reveal the machine of the build. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DIST } from './support/network';

const FRONTEND = fileURLToPath(new URL('../..', import.meta.url));
const README = readFileSync(join(FRONTEND, 'README.md'), 'utf8');
const FILES = readdirSync(DIST, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

/** What the README says of a row of its table. */
function said(row: string): number {
  const cells = README.split('\n').find((line) => line.startsWith(`| ${row} `));
  return Number(cells?.split('|')[2]?.replaceAll(',', ''));
}

describe('the built page', () => {
  it.each([
    ['JavaScript', '.js'],
    ['styles', '.css'],
    ['HTML', '.html'],
  ])('weighs what the README says, within 1 %%: %s', (row, kind) => {
    const files = FILES.filter((name) => name.endsWith(kind));
    const size = files.reduce((sum, name) => sum + gzipSync(readFileSync(name), { level: 9 }).length, 0);
    expect(Math.abs(said(row) / size - 1), `README.md: ${said(row)}, now ${size}`).toBeLessThan(0.01);
  });

  it('names no folder of the machine it was built on', () => {
    expect(FILES.filter((name) => readFileSync(name, 'utf8').includes(FRONTEND))).toEqual([]);
  });
});
