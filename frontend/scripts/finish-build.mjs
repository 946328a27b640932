// Prints the gzipped size of the page in dist.new. Fails if it is above budget.json's limit. Otherwise puts the page in the place
// of dist, which a server may be serving.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const folder = (name) => new URL(`../${name}/`, import.meta.url);
const built = folder('dist.new');
const budget = JSON.parse(readFileSync(new URL('../budget.json', import.meta.url), 'utf8'));
const sizes = {};
for (const name of readdirSync(built, { recursive: true })) {
  const kind = name.split('.').pop();
  if (!(kind in budget)) continue;
  sizes[kind] = (sizes[kind] ?? 0) + gzipSync(readFileSync(new URL(name, built)), { level: 9 }).length;
}
for (const [kind, most] of Object.entries(budget)) {
  const size = sizes[kind] ?? 0;
  console.log(`${kind.padEnd(4)} ${String(size).padStart(7)} bytes gzipped, of ${most} in budget.json`);
  if (size === 0 || size > most) process.exitCode = 1;
}
if (!process.exitCode) {
  rmSync(folder('dist.old'), { recursive: true, force: true });
  if (existsSync(folder('dist'))) renameSync(folder('dist'), folder('dist.old'));
  renameSync(built, folder('dist'));
  rmSync(folder('dist.old'), { recursive: true, force: true });
}
