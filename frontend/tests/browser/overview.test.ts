/** The store at a glance, live; the network cut and back; an upgrade in between. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { screenshot, stage } from './support/browser';
import { bytesOnly, Controller } from './support/canister';

const on = stage();
let controller: Controller;

beforeAll(async () => {
  controller = await Controller.of(on.network);
});

const INTERNALS = [
  'Dropped messages still in the index',
  'Free stable memory',
  'Limit of bytes ever stored',
  'Limit of 4 KiB pages touched by one rebuild step',
];

/** A number of the page, by its name. */
const tile = (page: Page, name: string) => page.locator(`.tile dt:text-is("${name}") + .value`);
const fact = (page: Page, name: string) => page.locator(`dt:text-is("${name}") + dd`);
const requests = (page: Page, path: RegExp) => {
  const seen: string[] = [];
  page.on('request', (request) => path.test(request.url()) && seen.push(request.url()));
  return seen;
};

describe('the overview', () => {
  it('says that a new store is empty', async () => {
    const page = await on.open();
    await expect.poll(() => tile(page, 'Messages').textContent()).toBe('0');
    await expect.poll(() => page.getByText('Nothing is stored.').count()).toBe(1);
    expect(await page.getByText('No limit on messages, bytes or age is set').count()).toBe(1);
  });

  it('shows counts, ids, bytes, limits, the module hash and the chart, and follows new messages', async () => {
    const page = await on.open();
    await controller.fill(bytesOnly(3000, 7));
    await expect.poll(() => tile(page, 'Messages').textContent()).toBe('3,000');
    expect(await tile(page, 'Keys').textContent()).toBe('7');
    expect(await tile(page, 'First id').textContent()).toBe('1');
    expect(await tile(page, 'Next id').textContent()).toBe('3,001');
    expect(await tile(page, 'Bytes of messages').getAttribute('title')).toMatch(/^[\d,]+ bytes$/);
    await expect.poll(() => fact(page, 'Module hash').locator('code').textContent()).toMatch(/^[0-9a-f]{64}$/);
    expect(await fact(page, 'Canister id').locator('code').textContent()).toBe(on.network.canisterId);
    expect(await fact(page, 'Ciphertext').textContent()).toBe('2 MB');
    const ids = page.getByRole('meter', { name: 'Ids used' });
    expect(await ids.getAttribute('aria-valuetext')).toBe('3,000 of 4,294,967,294');
    await expect.poll(() => page.locator('.chart canvas').isVisible()).toBe(true);

    await new Promise((resolve) => setTimeout(resolve, 2000));
    await controller.fill(bytesOnly(500, 7));
    await expect.poll(() => tile(page, 'Messages').textContent()).toBe('3,500');
    await expect.poll(() => page.getByRole('img').getAttribute('aria-label')).toContain('message 3,500 at');
    await screenshot(page, 'overview-light');
  });

  it('keeps internals in a details view, closed at first', async () => {
    const page = await on.open();
    const shown = () => Promise.all(INTERNALS.map((name) => page.getByText(name).isVisible()));
    const details = page.getByText('Details for operators');
    await details.waitFor();
    expect(await shown()).toEqual(INTERNALS.map(() => false));
    await details.click();
    expect(await shown()).toEqual(INTERNALS.map(() => true));
    expect(await page.locator('details dt').allTextContents()).toEqual(INTERNALS);
  });

  it('polls cheaply: a status every few seconds, no pages', async () => {
    const page = await on.open();
    await expect.poll(() => tile(page, 'Messages').textContent()).toBe('3,500');
    await page.waitForTimeout(1500);
    const queries = requests(page, /\/query$/);
    await page.waitForTimeout(7000);
    expect(queries.length).toBeGreaterThanOrEqual(2);
    expect(queries.length).toBeLessThanOrEqual(3);
  });

  it('says which network it talks to, and copies the canister id', async () => {
    const page = await on.open();
    expect(await page.locator('.network').textContent()).toBe(`Local network ${on.network.origin}`);
    await page.getByRole('button', { name: 'Copy the canister id' }).first().click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(on.network.canisterId);
  });

  it('shows how full a limited store is', async () => {
    await controller.limit({ max_messages: 4000, max_bytes: 2_500_000n, max_age_seconds: 86_400 });
    const page = await on.open();
    const kept = page.getByRole('meter', { name: 'Messages kept' });
    await expect.poll(() => kept.getAttribute('aria-valuetext')).toBe('3,500 of 4,000');
    expect(await page.getByRole('meter', { name: 'Bytes kept' }).getAttribute('aria-valuetext')).toContain('of 2.5 MB');
    expect(await page.getByRole('meter', { name: 'Age kept' }).getAttribute('aria-valuetext')).toContain('of 1 day');
    await controller.limit({});
  });
});

describe('the network', () => {
  it('is cut: the page says so, keeps what it knows, tries again, and is live when it is back', async () => {
    const page = await on.open();
    await expect.poll(() => tile(page, 'Messages').textContent()).toBe('3,500');
    await page.context().setOffline(true);
    const alert = page.getByRole('alert');
    await expect.poll(() => alert.textContent()).toContain('The network does not answer');
    expect(await alert.textContent()).toContain(`The network at ${on.network.origin} does not answer.`);
    expect(await alert.textContent()).toMatch(/Trying again in \d+ seconds?\./);
    expect(await page.locator('.live').textContent()).toBe('Away');
    expect(await tile(page, 'Messages').textContent()).toBe('3,500');
    await screenshot(page, 'network-away');
    // Meanwhile it backs off.
    const attempts = requests(page, /\/api\//);
    await page.waitForTimeout(4000);
    expect(attempts.length).toBeLessThan(10);

    await controller.fill(bytesOnly(1, 1));
    await page.context().setOffline(false);
    await expect.poll(() => tile(page, 'Messages').textContent(), { timeout: 5000 }).toBe('3,501');
    expect(await alert.count()).toBe(0);
    expect(await page.locator('.live').textContent()).toBe('Live');
  });

  it('answers with an error: the page says which, and tries at once when it is asked to', async () => {
    const page = await on.open();
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    await page.route(/\/api\//, (route) => route.fulfill({ status: 503, body: 'too busy' }));
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('HTTP 503: too busy');
    // The page waits longer each time; asked to, it does not wait.
    const attempts = requests(page, /\/query$/);
    await expect
      .poll(async () => {
        const before = attempts.length;
        await page.getByRole('button', { name: 'Try now' }).click();
        await page.waitForTimeout(100);
        return attempts.length - before;
      })
      .toBeGreaterThan(0);
    await page.unroute(/\/api\//);
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
  });
});

describe('an upgrade', () => {
  it('is noticed by the module hash, and nothing is lost', async () => {
    const page = await on.open();
    const hash = fact(page, 'Module hash').locator('code');
    await expect.poll(() => hash.textContent()).toMatch(/^[0-9a-f]{64}$/);
    const before = await hash.textContent();
    await controller.upgrade('upgraded-in-a-test');
    // The certified hash is asked for seldom; a network that was away is a reason to look at once.
    await page.context().setOffline(true);
    await expect.poll(() => page.locator('.live').textContent()).toBe('Away');
    await page.context().setOffline(false);
    await expect.poll(() => hash.textContent()).not.toBe(before);
    await expect.poll(() => page.getByText('The canister was upgraded').count()).toBe(1);
    await expect.poll(() => tile(page, 'Messages').textContent()).toBe('3,501');
  });
});
