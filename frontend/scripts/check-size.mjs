// Says what the built page weighs, gzipped, and fails when it is more than budget.json allows.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const folder = new URL('../dist/', import.meta.url);
const budget = JSON.parse(readFileSync(new URL('../budget.json', import.meta.url), 'utf8'));
const sizes = {};
for (const name of readdirSync(folder, { recursive: true })) {
  const kind = name.split('.').pop();
  if (!(kind in budget)) continue;
  sizes[kind] = (sizes[kind] ?? 0) + gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length;
}
for (const [kind, most] of Object.entries(budget)) {
  const size = sizes[kind] ?? 0;
  console.log(`${kind.padEnd(4)} ${String(size).padStart(7)} bytes gzipped, of ${most} in budget.json`);
  if (size === 0 || size > most) process.exitCode = 1;
}
