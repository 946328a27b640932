/** What each view says to a visitor of a store whose reads are closed: what cannot be seen, and why. And of a used-up budget. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/page/format';
import { alert, stage } from './support/browser';
import { Controller, text } from './support/canister';

const on = stage();
const KEY = toHex(text('another'));

beforeAll(async () => {
  const controller = await Controller.of(on.network);
  await controller.fill([{ key_id: text('another'), ciphertext: text('not yours') }]);
  // The first call of a day uses it up.
  await controller.budget(1n);
  await controller.closeReads(on.network.origin);
});

/** What a closed store says at the top of a view. */
async function saysClosed(page: Page): Promise<void> {
  await page.getByText('You are anonymous, and own no key').waitFor();
  await page.getByText('So you see no counts, no chart, and no lists of ids or times.').waitFor();
}

it('the overview shows no count, but the rules', async () => {
  const page = await on.open('view=overview');
  await saysClosed(page);
  expect(new Set(await page.locator('.tile .value').allTextContents())).toEqual(new Set(['–']));
  expect(await page.getByText('This store does not show you its contents.').count()).toBe(2);
  await page.getByText('The owner of a key reads it. Readers and admins read everything.').waitFor();
  await page.getByText('Rate of strangers').waitFor();
});

it.each([
  ['a key', `by=key&key=${KEY}`, 'only the owner of the key gets a proof'],
  ['an id', 'by=id&id=1', 'No message that you may see has the id 1.'],
  ['a hash', `by=hash&hash=${'ab'.repeat(32)}`, 'No message that you may see has this hash.'],
])('%s looks absent', async (_, query, words) => {
  const page = await on.open(`view=messages&${query}`);
  await saysClosed(page);
  await expect.poll(() => alert(page)).toContain(words);
});

it.each(['by=range', 'by=time'])('a list is empty: %s', async (query) => {
  const page = await on.open(`view=messages&${query}&from=1`);
  await saysClosed(page);
  await page.getByText('No messages here.').waitFor();
});

it('only readers and admins read messages that are sealed here; a call beyond the budget is refused in words', async () => {
  const page = await on.open('view=write');
  await saysClosed(page);
  await page.getByLabel('Passphrase').fill('closed');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText('so only readers and admins can read what you store here').waitFor();
  const seal = async (what: string) => {
    await page.getByLabel('Text', { exact: true }).fill(what);
    await page.getByRole('button', { name: 'Seal and store' }).click();
  };
  await seal('one');
  await page.getByText('the store does not tell you under which id').waitFor();
  await seal('two');
  await page.getByText('Your rate or the budget of callers like you is used up').waitFor();
});
