/** Once before all browser tests: the page has to be built, and Chromium comes from Debian's package where it is missing. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromiumPath } from './browser';
import { DIST, OUTPUT } from './network';

export default function setup(): void {
  if (!existsSync(join(DIST, 'index.html'))) throw new Error(`${DIST} has no page: npm run build makes it`);
  if (!existsSync(chromiumPath())) installChromium();
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
}

function installChromium(): void {
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    const packages = ['chromium-headless-shell', 'fonts-dejavu-core'];
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch {
    // Said below.
  }
  if (!existsSync(chromiumPath())) {
    throw new Error(
      `No ${chromiumPath()}, and it cannot be installed here: install it, or let CHROMIUM name a Chromium`,
    );
  }
}
