/** Owning a key: claims with a public key and with a salt, and the send key. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { fromHex } from '../../src/page/format';
import { alert, card, copied, rows, signer, stage } from './support/browser';
import { Controller, text } from './support/canister';

const on = stage();
let controller: Controller;

beforeAll(async () => {
  controller = await Controller.of(on.network);
});

const bytes = (hex: string | null) => fromHex(hex ?? '') as Uint8Array;

async function acknowledge(page: Page, through: string): Promise<void> {
  await page.getByLabel('Acknowledge up to and including id').fill(through);
  await page.getByRole('button', { name: 'Acknowledge', exact: true }).click();
  await page.getByRole('button', { name: 'Acknowledge them' }).click();
}

async function claim(page: Page, salt: string): Promise<void> {
  await page.getByText('Claim this key').click();
  await page.getByLabel('Salt in hex').fill(salt);
  await page.getByRole('button', { name: 'Claim', exact: true }).click();
}

it('the hash of the public key is claimed with it, and only then the messages can be acknowledged', async () => {
  const page = await signer(on);
  const keyId = bytes(await copied(page, 'hashed key id').textContent());
  expect(keyId.length).toBe(32);
  await controller.fill([{ key_id: keyId, ciphertext: text('to a hash') }]);
  await page.getByRole('link', { name: 'Its messages' }).click();
  await expect.poll(() => rows(page).count()).toBe(1);
  const id = (await rows(page).locator('.id').textContent()) ?? '';
  await acknowledge(page, id);
  await expect.poll(() => alert(page)).toContain('Only the owner of a key can acknowledge');
  await claim(page, '');
  await page.getByText('The key is yours.').waitFor();
  await acknowledge(page, id);
  await expect.poll(() => card(page).textContent()).toContain(`everything up to id ${id}`);
});

it('a salted key id is claimed with its salt, and with no other', async () => {
  const page = await signer(on);
  await page.getByRole('button', { name: 'Make a salted key id' }).click();
  const salt = (await copied(page, 'salt').textContent()) ?? '';
  expect(bytes(salt).length).toBe(16);
  const keyId = bytes(await copied(page, 'salted key id').textContent());
  await controller.fill([{ key_id: keyId, ciphertext: text('to whom?') }]);
  await page.getByRole('link', { name: 'Its messages' }).last().click();
  await expect.poll(() => rows(page).count()).toBe(1);
  await claim(page, 'no hex');
  await expect.poll(() => alert(page)).toContain('must be in hex, two digits a byte, not “no hex”');
  for (const [wrong, words] of [
    ['00'.repeat(16), 'This proof belongs to another key id: '],
    [salt.slice(2), 'The salt has 15 bytes; it must have 16.'],
    ['', 'This proof belongs to another key id: '],
  ] as const) {
    await page.getByLabel('Salt in hex').fill(wrong);
    await page.getByRole('button', { name: 'Claim', exact: true }).click();
    await expect.poll(() => alert(page)).toContain(words);
  }
  await page.getByLabel('Salt in hex').fill(salt);
  await page.getByRole('button', { name: 'Claim', exact: true }).click();
  await page.getByText('The key is yours.').waitFor();
});

it('a sender with the send key may fill the whole quota, until it is removed', async () => {
  const page = await on.open('view=messages');
  await page.getByRole('button', { name: 'Open my mailbox' }).click();
  await card(page).waitFor();
  const keyId = bytes(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('key'));
  await controller.quota(keyId, 4);
  await page.getByText('Send key', { exact: true }).click();
  await page.getByRole('button', { name: 'Make a send key' }).click();
  const secret = bytes(await copied(page, 'send key').textContent());
  expect(secret.length).toBe(16);
  // The controller is a member: half of the quota is its own.
  const add = (what: string, send_key?: Uint8Array) =>
    controller.add({ key_id: keyId, ciphertext: text(what), ...(send_key && { send_key }) });
  expect([await add('1'), await add('2'), await add('3')]).toEqual(['Ok', 'Ok', 'KeyFull']);
  expect([await add('3', text('another send key')), await add('3', secret)]).toEqual(['KeyFull', 'Ok']);
  await page.getByRole('button', { name: 'Remove the send key' }).click();
  await expect.poll(() => copied(page, 'send key').count()).toBe(0);
  expect(await add('4', secret)).toBe('KeyFull');

  // A stranger's key gets none.
  const other = await signer(on);
  await other.goto(`${on.network.origin}/#view=messages&by=key&key=0102`);
  await other.getByText('Send key', { exact: true }).click();
  await other.getByRole('button', { name: 'Make a send key' }).click();
  await expect.poll(() => alert(other)).toContain('You may not change this. The owner of a key sets its send key');
});

it('a key id of 20 bytes is for other programs, and the page says so', async () => {
  const page = await signer(on);
  await page.goto(`${on.network.origin}/#view=messages&by=key&key=${'01'.repeat(20)}`);
  await page.getByText('belongs to a secp256k1 key with this Ethereum address').waitFor();
});
