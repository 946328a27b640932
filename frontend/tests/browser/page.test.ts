/** The page itself: accessible in both schemes and at phone width, no wider than the screen, and mainnet by its URL. */
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/page/format';
import { PHONE, screenshot, stage } from './support/browser';
import { bytesOnly, Controller, text } from './support/canister';
import { Owner } from './support/labels';

const on = stage();
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const FIRST_ID = 'view=messages&by=id&id=1';
const A_KEY = `view=messages&by=key&key=${toHex(text('key-1'))}`;
const RANGE = 'view=messages&by=range&from=1&until=';

beforeAll(async () => {
  const controller = await Controller.of(on.network);
  await controller.fill(bytesOnly(500, 5));
  await (await Owner.of(on.network)).set('alice', new Uint8Array(32).fill(1), 'hello');
});

async function violations(page: Page): Promise<string[]> {
  // Chromium's own protocol evaluates it: the page's policy lets no other script in.
  const { readFileSync } = await import('node:fs');
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const results = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as AxeResults;
  expect(results.passes.length).toBeGreaterThan(10);
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** The links of the bar of views that stick out of it: a person could not see or reach them. */
const cutOff = (page: Page): Promise<string[]> =>
  page.locator('.views').evaluate((bar) => {
    const outer = bar.getBoundingClientRect();
    const sticksOut = (link: Element) => {
      const { left, right, top, bottom } = link.getBoundingClientRect();
      return left < outer.left || right > outer.right || top < outer.top || bottom > outer.bottom;
    };
    return [...bar.children].filter(sticksOut).map(({ textContent }) => textContent ?? '');
  });

/** Each colour scheme and each width once: contrast does not depend on the width, nor the layout on the colours. */
const SETTINGS = [
  ['light', { colorScheme: 'light' }],
  ['dark-phone', { ...PHONE, colorScheme: 'dark' }],
] as const;

describe.each(SETTINGS)('in %s', (name, options) => {
  it('every view passes the accessibility check and fits the screen', async () => {
    const page = await on.open('', options);
    const look = async (what: string) => {
      expect(await violations(page), what).toEqual([]);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wider, `${what} is wider than the screen`).toBeLessThanOrEqual(0);
      await screenshot(page, `page-${what}-${name}`);
    };
    await expect.poll(() => page.locator('.chart canvas').isVisible()).toBe(true);
    await expect.poll(() => page.locator('.facts code').nth(1).textContent()).toMatch(/^[0-9a-f]{64}$/);
    await look('overview');
    await page.goto(`${on.network.origin}/#${RANGE}`);
    await expect.poll(() => page.locator('.all-rows .row').count()).toBeGreaterThan(5);
    await expect.poll(() => page.locator('.row .proof').last().textContent()).toBe('unproved');
    await page.locator('.all-rows .row').nth(2).click();
    await page.getByText('The hash was computed in this browser and matches.').waitFor();
    await look('messages');
    await page.goto(`${on.network.origin}/#canister=lz3um-vp777-77777-aaaba-cai`);
    await page.getByText('This link opens another canister').waitFor();
    await look('question');
    await page.goto(`${on.network.origin}/#${FIRST_ID}000`);
    await page.getByRole('alert').waitFor();
    await look('error');
    // Everybody controls this canister, so the anonymous visitor is an admin.
    await page.goto(`${on.network.origin}/#${A_KEY}`);
    await page.locator('.key-rights').waitFor();
    for (const change of await page.locator('.key-rights summary').all()) await change.click();
    await page.getByRole('button', { name: 'Set the quota' }).click();
    await page.getByText('The quota is set.').waitFor();
    await page.getByLabel('Principal of the new owner').fill('lxzze-o7777-77777-aaaaa-cai');
    await page.getByRole('button', { name: 'Give the key away' }).click();
    await page.getByRole('button', { name: 'Give it' }).waitFor();
    await look('rights');
    await page.goto(`${on.network.origin}/#view=directory&label=name&of=alice`);
    await page.getByRole('heading', { name: 'How it was verified' }).waitFor();
    await look('directory');
    await page.goto(`${on.network.origin}/#view=write`);
    await look('locked');
    await page.getByLabel('Passphrase').fill('accessible');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByLabel('Text', { exact: true }).fill('sealed for everybody');
    await page.getByRole('button', { name: 'Seal and store' }).click();
    await page.locator('.outbox .good').waitFor();
    await look('write');
    await page.goto(`${on.network.origin}/#view=connection`);
    await page.getByRole('button', { name: 'Make a key in this browser' }).click();
    await page.getByRole('button', { name: 'Forget this key' }).click();
    await page.getByText('Key ids to claim').click();
    await page.getByRole('button', { name: 'Make a salted key id' }).click();
    await look('connection');
    await page.getByRole('button', { name: 'Open my mailbox' }).click();
    await page.getByRole('heading', { name: 'Your mailbox' }).waitFor();
    await look('mailbox');
    await page.goto(`${on.network.origin}/#${A_KEY}`);
    await page.getByLabel('Acknowledge up to and including id').waitFor();
    await page.getByText('Send key', { exact: true }).click();
    await page.getByRole('button', { name: 'Make a send key' }).click();
    await page.getByRole('alert').waitFor();
    await look('key');
  }, 120_000);
});

describe('the bar of views', () => {
  it.each([1360, 390, 320])('shows each view whole on a screen %i px wide', async (width) => {
    const page = await on.open('', { viewport: { width, height: 844 } });
    await page.locator('.live.good').waitFor();
    expect(await page.locator('.views a').count()).toBe(5);
    expect(await cutOff(page)).toEqual([]);
    await screenshot(page, `views-${width}`);
  });
});

describe('the keyboard', () => {
  it('reaches everything in order, and a new view has the focus on its heading', async () => {
    const page = await on.open();
    await page.locator('.live.good').waitFor();
    const focused = () =>
      page.evaluate(() => `${document.activeElement?.tagName} ${document.activeElement?.textContent}`);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('BUTTON Skip to the content');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('H1 Overview');
    await page.getByRole('link', { name: 'Messages', exact: true }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('H1 Messages');
    expect(await page.title()).toBe('Messages – Message canister');
  });

  it('keeps its place in the form when a query is sent', async () => {
    const page = await on.open(RANGE);
    await page.getByLabel('To id').fill('5');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('.all-rows .row').count()).toBe(5);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('name'))).toBe('until');
  });
});

describe('mainnet by its URL', () => {
  it('is named, is asked itself, and its root key is never fetched', async () => {
    const page = await on.open('view=connection');
    const asked: string[] = [];
    await page.route('https://icp-api.io/**', (route) => {
      asked.push(route.request().url());
      return route.abort();
    });
    // The one place where another origin is meant.
    page.removeAllListeners('request');
    await page.getByRole('textbox', { name: 'Canister id' }).fill('ryjl3-tyaaa-aaaaa-aaaba-cai');
    await page.getByRole('combobox', { name: 'Network' }).fill('https://icp-api.io');
    await page.getByRole('button', { name: 'Connect' }).click();
    await expect
      .poll(() => page.getByRole('alert').textContent())
      .toContain('The network at https://icp-api.io does not answer');
    expect(await page.locator('.network').textContent()).toBe('Internet Computer https://icp-api.io');
    expect(new URL(page.url()).hash).toContain('canister=ryjl3-tyaaa-aaaaa-aaaba-cai&network=https%3A%2F%2Ficp-api.io');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((url) => /\/status$/.test(url))).toEqual([]);
  });
});

describe('the watch', () => {
  it('sees a breach of the policy and a request elsewhere: it could fail', async () => {
    const page = await on.open();
    const seen: string[] = [];
    page.removeAllListeners('console');
    page.removeAllListeners('request');
    page.on('console', (message) => seen.push(message.text()));
    await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.breached = true';
      document.body.append(script);
      await fetch('https://evil.example').catch(() => {});
    });
    await expect
      .poll(() => seen.filter((text) => /content security policy/i.test(text)).length)
      .toBeGreaterThanOrEqual(2);
    expect(await page.evaluate('window.breached')).toBeUndefined();
  });
});
