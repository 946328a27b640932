// Fails if src/client/bindings differs from the output of @icp-sdk/bindgen for canister.did and directory.did.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const frontend = fileURLToPath(new URL('..', import.meta.url));
const kept = join(frontend, 'src/client/bindings');
const fresh = mkdtempSync(join(tmpdir(), 'bindings-'));

const files = (folder) =>
  readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());

try {
  const program = join(frontend, 'node_modules/.bin/icp-bindgen');
  for (const did of ['../canister.did', '../crates/directory/directory.did']) {
    execFileSync(program, ['--did-file', did, '--out-dir', fresh, '--force'], { cwd: frontend });
  }
  const names = new Set([...files(kept), ...files(fresh)]);
  const stale = [...names].filter((name) => {
    try {
      return !readFileSync(join(kept, name)).equals(readFileSync(join(fresh, name)));
    } catch {
      return true;
    }
  });
  if (names.size === 0) throw new Error('no bindings were generated');
  for (const name of stale) console.error(`stale: src/client/bindings/${name}`);
  if (stale.length > 0) {
    console.error('run: npm run bindings');
    process.exitCode = 1;
  } else {
    console.log(`${names.size} files of bindings match the interfaces`);
  }
} finally {
  rmSync(fresh, { recursive: true });
}
