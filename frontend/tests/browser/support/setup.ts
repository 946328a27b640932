/** Once before all browser tests: the page has to be built, and Chromium comes from Debian's package where it is missing. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CHROMIUM } from './browser';
import { DIST, OUTPUT } from './network';

export default function setup(): void {
  if (!existsSync(join(DIST, 'index.html'))) throw new Error(`${DIST} has no page: npm run build makes it`);
  if (!existsSync(CHROMIUM)) installChromium();
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(OUTPUT, { recursive: true });
}

function installChromium(): void {
  try {
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  } catch {
    throw new Error(`No ${CHROMIUM}, and it cannot be installed here: install Chromium or let CHROMIUM name it`);
  }
}
