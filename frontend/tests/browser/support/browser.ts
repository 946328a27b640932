/** Headless Chromium, and watched pages: if a page does something forbidden, the current test fails. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type LocalNetwork, OUTPUT, startNetwork } from './network';

const SHELL = '/usr/bin/chromium-headless-shell';
const WITH_WINDOWS = '/usr/bin/chromium';

/** The browser's program: Debian's Chromium without windows, which takes less time, or with them if only that is here. */
export function chromiumPath(): string {
  return process.env.CHROMIUM ?? (!existsSync(SHELL) && existsSync(WITH_WINDOWS) ? WITH_WINDOWS : SHELL);
}

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const PHONE = { viewport: { width: 390, height: 844 } } as const;
const DESKTOP = { viewport: { width: 1360, height: 900 } } as const;

export interface Stage {
  readonly network: LocalNetwork;
  /** Opens the page at a fragment, in a browser profile of its own; `prepare` comes before its first request. */
  open(fragment?: string, options?: BrowserContextOptions, prepare?: (page: Page) => Promise<void>): Promise<Page>;
}

/**
 * For a test file: a network of its own and a browser. To be called at the file's top level. `directory`: the argument of the
 * directory's installation, in hex.
 */
export function stage(directory?: string): Stage {
  let network: LocalNetwork;
  let browser: Browser;
  let offences: string[] = [];

  beforeAll(async () => {
    network = await startNetwork(directory);
    browser = await chromium.launch({ executablePath: chromiumPath(), args: ARGUMENTS });
  });
  afterAll(async () => {
    await browser?.close();
    network?.stop();
  });
  afterEach(async () => {
    // A request that a test's proxy still answers when its page closes is nobody's failure.
    const pages = browser.contexts().flatMap((context) => context.pages());
    await Promise.all(pages.map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
    await Promise.all(browser.contexts().map((context) => context.close()));
    const seen = offences;
    offences = [];
    expect(seen).toEqual([]);
  });

  return {
    get network() {
      return network;
    },
    async open(fragment = '', options = {}, prepare = undefined) {
      const context = await browser.newContext({
        ...DESKTOP,
        permissions: ['clipboard-read', 'clipboard-write'],
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      watch(page, network.origin, (offence) => offences.push(offence));
      await prepare?.(page);
      await page.goto(`${network.origin}/#${fragment}`);
      return page;
    },
  };
}

/** Errors of scripts, breaches of the content security policy, requests to anybody but the page's own server. */
function watch(page: Page, origin: string, tell: (offence: string) => void): void {
  page.on('pageerror', (error) => tell(`script error: ${error.stack}`));
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) tell(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(blob|data):/.test(url)) tell(`request to ${url}`);
  });
}

export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(OUTPUT, `${name}.png`), animations: 'disabled' });
}

/** The messages that a list shows. */
export const rows = (page: Page): Locator => page.locator('.all-rows .row');
/** The card of a key. */
export const card = (page: Page): Locator => page.locator('.key-card');
/** The text of the page's alert. */
export const alert = (page: Page): Promise<string | null> => page.getByRole('alert').textContent();

/** The value that a button copies. */
export function copied(page: Page, name: string): Locator {
  const button = page.getByRole('button', { name: `Copy the ${name}`, exact: true });
  return page.locator('.copy', { has: button }).locator('code');
}

/** A page with a key made in its browser. It shows its principal, and its key ids to claim. */
export async function signer(on: Stage): Promise<Page> {
  const page = await on.open('view=connection');
  await page.getByRole('button', { name: 'Make a key in this browser' }).click();
  await page.getByText('Key ids to claim').click();
  return page;
}
