/** What an admin of the store changes of a key: a quota is set and seen, a key is handed over and gone for its former owner. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/page/format';
import { alert, card, copied, rows, signer, stage } from './support/browser';
import { Controller, text } from './support/canister';

const on = stage();
let controller: Controller;

beforeAll(async () => {
  controller = await Controller.of(on.network);
});

const opens = (page: Page, title: string) => page.locator('summary', { hasText: title }).click();
const presses = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const goes = (page: Page, key: Uint8Array) => page.goto(`${on.network.origin}/#view=messages&by=key&key=${toHex(key)}`);

/** A page whose key is an admin's. */
async function admin(): Promise<Page> {
  const page = await signer(on);
  await controller.makeAdmin((await copied(page, 'principal').textContent()) ?? '');
  return page;
}

it('a quota is set, shown with its used part, and taken back; text that is not a number is refused', async () => {
  const keyId = text('narrow');
  const add = (what: string) => controller.add({ key_id: keyId, ciphertext: text(what) });
  expect([await add('1'), await add('2')]).toEqual(['Ok', 'Ok']);
  const page = await admin();
  await goes(page, keyId);
  await expect.poll(() => rows(page).count()).toBe(2);
  await opens(page, 'Quota');
  await page.getByLabel('Messages at most').fill('many');
  await presses(page, 'Set the quota');
  await expect.poll(() => alert(page)).toContain('“many” is not a number of messages.');
  await page.getByLabel('Messages at most').fill('4');
  await presses(page, 'Set the quota');
  await page.getByText('The quota is set. A key holds at most 4 messages').waitFor();
  await expect.poll(() => card(page).textContent()).toContain('Quota used2 of 4 messages');
  expect(await card(page).textContent()).toContain('strangers are refused since');
  // The controller is a member: half of the quota is its own.
  expect(await add('3')).toBe('KeyFull');
  await presses(page, 'Use the store’s quota');
  await page.getByText('The key has the store’s quota.').waitFor();
  await expect.poll(() => card(page).textContent()).not.toContain('Quota used');
  expect(await add('3')).toBe('Ok');
});

it('an empty key that is kept is known, until it may be forgotten', async () => {
  const page = await admin();
  await goes(page, text('kept'));
  await card(page).getByText('The store does not know this key.').waitFor();
  await opens(page, 'Keep while it is empty');
  await presses(page, 'Keep it');
  await page.getByText('The key is kept while it is empty.').waitFor();
  await expect.poll(() => card(page).textContent()).toContain('Messages ever0');
  await presses(page, 'Let it be forgotten');
  await page.getByText('The key can be forgotten while it is empty.').waitFor();
});

it('a caller who is not an admin is told who can do this; a principal’s own key belongs to it for ever', async () => {
  const stranger = await signer(on);
  await goes(stranger, text('narrow'));
  await stranger.getByText('Only an admin of the store can change the quota of a key').waitFor();
  expect(await stranger.locator('summary', { hasText: 'Quota' }).count()).toBe(0);
  const page = await admin();
  await presses(page, 'Open my mailbox');
  await page.getByText('The key always belongs to that principal.').waitFor();
  expect(await page.locator('summary', { hasText: 'Owner' }).count()).toBe(0);
});

it('a key that is handed over is gone for its former owner, where reads are closed', async () => {
  const owner = await signer(on);
  const keyId = fromHex((await copied(owner, 'hashed key id').textContent()) ?? '') ?? new Uint8Array();
  const next = await signer(on);
  const heir = (await copied(next, 'principal').textContent()) ?? '';
  const boss = await admin();
  await controller.fill([{ key_id: keyId, ciphertext: text('to the owner') }]);
  await controller.closeReads(on.network.origin);

  // Without its label no proof of the key can be checked: the owner learns it by a claim.
  await goes(owner, keyId);
  await expect.poll(() => alert(owner)).toContain('No proof came');
  await opens(owner, 'Claim this key');
  await presses(owner, 'Claim');
  await owner.getByText('The key is yours.').waitFor();
  await expect.poll(() => rows(owner).locator('.proof').allTextContents()).toEqual(['verified']);

  // An admin reads everything, but learns no label.
  await goes(boss, keyId);
  await expect.poll(() => alert(boss)).toContain('This answer cannot be verified, so it is not shown');
  // The page of messages and the head are asked for together: either may be refused first.
  expect(await alert(boss)).toContain('learns its label, by a claim');
  await boss.getByText('You read all of the store.').waitFor();
  await opens(boss, 'Owner');
  const field = boss.getByLabel('Principal of the new owner');
  const told = boss.locator('.key-rights').getByRole('alert');
  await field.fill('nobody');
  await presses(boss, 'Give the key away');
  await expect.poll(() => told.textContent()).toContain('“nobody” is not a principal.');
  await field.fill('2vxsx-fae');
  await presses(boss, 'Give the key away');
  await presses(boss, 'Give it');
  await expect.poll(() => told.textContent()).toContain('The principal 2vxsx-fae cannot own this key.');
  await field.fill(heir);
  await presses(boss, 'Give the key away');
  await boss.getByText(`The key goes to ${heir}.`).waitFor();
  await presses(boss, 'Leave it');
  expect(await boss.getByRole('button', { name: 'Give it', exact: true }).count()).toBe(0);
  await presses(boss, 'Give the key away');
  await presses(boss, 'Give it');
  await boss.getByText(`The key belongs to ${heir}.`).waitFor();

  await presses(owner, 'Look up');
  await expect.poll(() => alert(owner)).toContain('No proof came');
  expect(await rows(owner).count()).toBe(0);
  await presses(owner, 'Claim');
  await expect
    .poll(() => owner.locator('.key-rights').getByRole('alert').textContent())
    .toContain('An admin gave this key to somebody else.');
}, 120_000);
