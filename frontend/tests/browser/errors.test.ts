/** What went wrong, in words with the offending value: as many kinds as the real canister can be brought to say. */
import { join } from 'node:path';
import { IC_ROOT_KEY } from '@icp-sdk/core/agent';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { alert, screenshot, stage } from './support/browser';
import { bytesOnly, Controller, EMPTY_MODULE, foreignModule } from './support/canister';
import { DIST } from './support/network';

const on = stage();
let controller: Controller;

beforeAll(async () => {
  controller = await Controller.of(on.network);
  await controller.fill(bytesOnly(200, 3));
});

/** Only to save time: the page may have tried by itself, and the button be gone. */
const tryNow = (page: Page) =>
  page
    .getByRole('button', { name: 'Try now' })
    .click({ timeout: 1000 })
    .catch(() => {});
const KEY = '6b65792d30';
/** A good key, but not this network's. */
const OTHER_ROOT_KEY = IC_ROOT_KEY;

describe('the canister’s own errors', () => {
  it.each([
    ['UnknownId', 'by=id&id=1000', 'No message has the id 1,000 yet: the last assigned id is 200.'],
    ['UnknownId, 0', 'by=id&id=0', 'No message has the id 0'],
    ['NotFound', `by=hash&hash=${'ab'.repeat(32)}`, 'No message that you may see has this hash.'],
    ['HashLength', 'by=hash&hash=abcd', 'The hash has 2 bytes; a SHA-256 hash has 32.'],
    ['InvalidRange', 'by=range&from=9&until=8', 'The range ends before it begins: from 9 to 8.'],
    ['InvalidRange, 0', 'by=range&from=0&until=8', 'The range from 0 to 8 is not valid: ids begin with 1.'],
    ['InvalidRange of time', 'by=time&from=20&until=10', 'The range ends before it begins: from 20 to 10.'],
    ['LimitZero', `by=key&key=${KEY}&limit=0`, 'A page of 0 messages was asked for; at least 1 is needed.'],
    ['UnknownCursor', `by=key&key=${KEY}&after=1000`, 'Cannot continue after 1,000: no message has had this id yet.'],
    ['KeyIdLength, empty', 'by=key&key=', 'The key id is empty: it must have 1 to 64 bytes.'],
    ['KeyIdLength', `by=key&key=${'00'.repeat(65)}`, 'The key id has 65 bytes; at most 64 are allowed.'],
    ['no number', 'by=id&id=12x', 'The id must be a whole number from 0 to 4,294,967,295, not "12x".'],
    ['no hex', 'by=key&key=xyz', 'The key id must be in hex, two digits a byte, not "xyz".'],
  ])('%s', async (_, query, words) => {
    const page = await on.open(`view=messages&${query}`);
    await expect.poll(() => alert(page)).toContain(words);
  });

  it('Dropped', async () => {
    await controller.limit({ max_messages: 150 });
    const page = await on.open('view=messages&by=id&id=7');
    await expect.poll(() => alert(page)).toContain('The lowest id that may still be stored is 51.');
    await screenshot(page, 'error-light');
    await controller.limit({});
  });

  it('Unavailable, with progress, while the index is rebuilt after an upgrade; and then it answers', async () => {
    await controller.fill(bytesOnly(10_000, 30));
    const page = await on.open('view=messages');
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    // So few pages a message that the rebuild takes many of them.
    await controller.upgrade('slow-rebuild', 16);
    // No message has this hash. The look-up only needs the index.
    await page.getByText('One hash').click();
    await page.getByLabel('SHA-256 of the ciphertext, hex').fill('00'.repeat(32));
    await page.getByRole('button', { name: 'Look up' }).click();
    await expect.poll(() => alert(page)).toMatch(/index holds [\d,]+ of [\d,]+ messages so far/);
    await expect
      .poll(
        async () => {
          const again = page.getByRole('button', { name: 'Try again' });
          if (await again.isVisible()) await again.click();
          return alert(page);
        },
        { timeout: 40_000, interval: 500 },
      )
      .toContain('No message that you may see has this hash.');
  });
});

describe('the connection', () => {
  it('says when the canister is stopped, and goes on when it runs again', async () => {
    const page = await on.open();
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    await controller.stop();
    await expect.poll(() => alert(page)).toMatch(/The network rejected the call \(IC0508\)/);
    await controller.start();
    await tryNow(page);
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
  });

  it('says when the network has no such canister', async () => {
    const page = await on.open('canister=lz3um-vp777-77777-aaaba-cai');
    await page.getByRole('button', { name: 'Use the link’s canister' }).click();
    await expect.poll(() => alert(page)).toContain('There is no canister lz3um-vp777-77777-aaaba-cai');
    await page.getByRole('link', { name: 'Choose another canister or network' }).click();
    await page.getByRole('textbox', { name: 'Canister id' }).fill(on.network.canisterId);
    await page.getByRole('button', { name: 'Connect' }).click();
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
  });

  it('asks before it calls another canister than its server names, and takes either answer', async () => {
    const other = 'lz3um-vp777-77777-aaaba-cai';
    const calls: string[] = [];
    const link = `canister=${other}&view=messages&by=id&id=1`;
    const page = await on.open(link, {}, async (page) => {
      page.on('request', (request) => request.url().includes(other) && calls.push(request.url()));
    });
    const question = page.getByText('This link opens another canister');
    await question.waitFor();
    await expect.poll(() => page.locator('main').textContent()).toContain(on.network.canisterId);
    await page.waitForTimeout(4000);
    expect(calls).toEqual([]);
    await page.getByRole('button', { name: 'Use the server’s canister' }).click();
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    expect(calls).toEqual([]);

    await page.goto(`${on.network.origin}/#${link}`);
    await page.getByRole('button', { name: 'Use the link’s canister' }).click();
    // The link's view is run now, though the address has not changed.
    await expect.poll(() => page.getByRole('alert').last().textContent()).toContain(`There is no canister ${other}`);
    expect(calls.length).toBeGreaterThan(0);
  });

  it('reports a malformed id, and a network that the page cannot use', async () => {
    const page = await on.open('canister=nonsense');
    await page.getByRole('button', { name: 'Use the link’s canister' }).click();
    await expect.poll(() => alert(page)).toContain('"nonsense" is not a canister id.');
    await page.goto(`${on.network.origin}/#network=https://evil.example`);
    await expect.poll(() => alert(page)).toContain('“https://evil.example” is not a network that this page can use');
    await page.getByRole('combobox', { name: 'Network' }).fill('http://192.168.0.7:4943');
    await page.getByRole('textbox', { name: 'Canister id' }).fill('aaaaa-aa');
    await page.getByRole('button', { name: 'Connect' }).click();
    await expect.poll(() => page.getByText('"http://192.168.0.7:4943" is not a network').count()).toBe(1);
  });

  it('says when answers are signed by another key', async () => {
    const page = await on.open('', {}, async (page) => {
      // As after another network was started at the same address. The server would set the cookie right.
      await page.route(/\/(assets\/.*)?$/, (route) => {
        const { pathname } = new URL(route.request().url());
        return route.fulfill({ path: join(DIST, pathname === '/' ? 'index.html' : pathname) });
      });
      const environment = `ic_root_key=${OTHER_ROOT_KEY}&PUBLIC_CANISTER_ID:message-canister=${on.network.canisterId}`;
      await page
        .context()
        .addCookies([{ name: 'ic_env', value: encodeURIComponent(environment), url: on.network.origin }]);
    });
    await expect.poll(() => alert(page)).toContain('The answer cannot be trusted');
    expect(await alert(page)).toContain('if it was restarted, reload this page');
    await expect.poll(() => page.locator('dt:text-is("Module hash") + dd').textContent()).toContain('is not signed by');
  });

  it('says when there is a canister, but not one of ours', async () => {
    const page = await on.open();
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    await controller.install({ reinstall: null }, EMPTY_MODULE);
    await expect.poll(() => alert(page)).toContain('is not a message canister (IC0536)');
    await controller.install({ reinstall: null }, foreignModule());
    await tryNow(page);
    await expect.poll(() => alert(page)).toContain('answers, but not as a message canister does');
    await controller.uninstall();
    await tryNow(page);
    await expect.poll(() => alert(page)).toContain('is not a message canister (IC0537)');
    await controller.reinstallOurs();
    await tryNow(page);
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    await expect.poll(() => page.locator('.tile .value').first().textContent()).toBe('0');
  });
});
