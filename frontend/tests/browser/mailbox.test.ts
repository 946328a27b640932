/** The visitor's own mailbox: opened in one click, read with proofs, acknowledged; and the views of a closed store. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/page/format';
import { rows, screenshot, stage } from './support/browser';
import { Controller, text } from './support/canister';

const on = stage();
let controller: Controller;

beforeAll(async () => {
  controller = await Controller.of(on.network);
  await controller.fill([{ key_id: text('another'), ciphertext: text('not yours') }]);
});

const openMailbox = (page: Page) => page.getByRole('button', { name: 'Open my mailbox' }).click();

it('is a click away, and shows proved messages until they are acknowledged; closed, only its owner reads it', async () => {
  const page = await on.open('view=messages');
  await openMailbox(page);
  const card = page.locator('.key-card');
  await expect.poll(() => card.textContent()).toContain('Your mailbox');
  expect(await card.textContent()).toContain('The store does not know this key.');
  expect(await card.textContent()).toContain('Verified as of');
  const key = new URLSearchParams(new URL(page.url()).hash.slice(1)).get('key') ?? '';
  const keyId = fromHex(key) ?? new Uint8Array();
  expect([keyId.length, keyId.at(-1)]).toEqual([29, 2]);

  await controller.fill(['one', 'two', 'three'].map((what) => ({ key_id: keyId, ciphertext: text(what) })));
  await openMailbox(page);
  await expect.poll(() => rows(page).count()).toBe(3);
  expect(await card.textContent()).toContain('Acknowledgednothing');
  expect(await card.textContent()).toContain('Everybody may add messages.');
  await screenshot(page, 'mailbox');

  // Beyond the newest: refused in words, and nothing changed.
  await page.getByLabel('Acknowledge up to and including id').fill('99');
  await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
  await page.getByRole('button', { name: 'Acknowledge them' }).click();
  await expect
    .poll(() => page.getByRole('alert').textContent())
    .toContain('Id 99 is beyond the newest message of the key, 4');
  await page.getByLabel('Acknowledge up to and including id').fill('3');
  await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
  await page.getByRole('button', { name: 'Acknowledge them' }).click();
  await expect.poll(() => rows(page).count()).toBe(1);
  expect(await card.textContent()).toContain('Acknowledgedeverything up to id 3');
  expect(await rows(page).locator('.id').textContent()).toBe('4');

  await controller.closeReads(on.network.origin);
  await page.getByText('Reads are closed').waitFor();
  await page.reload();
  await page.getByText('Reads are closed').waitFor();
  // Its label is not known yet: the mailbox's button asks for it, once.
  await openMailbox(page);
  await expect.poll(() => rows(page).locator('.proof').allTextContents()).toEqual(['verified']);
  expect(await page.getByRole('alert').count()).toBe(0);

  const stranger = await on.open(`view=messages&by=key&key=${key}`);
  await expect.poll(() => stranger.getByRole('alert').textContent()).toContain('No proof came');
  expect(await stranger.getByText('You are anonymous, and own no key').count()).toBe(1);
  expect(await rows(stranger).count()).toBe(0);
  // An absent key is answered in the same words.
  const words = await stranger.getByRole('alert').textContent();
  const nowhere = await on.open(`view=messages&by=key&key=${toHex(text('nowhere'))}`);
  await expect.poll(() => nowhere.getByRole('alert').textContent()).toBe(words);
  await stranger.goto(`${on.network.origin}/#view=overview`);
  await stranger.getByText('This store does not show you its contents.').first().waitFor();
}, 120_000);
