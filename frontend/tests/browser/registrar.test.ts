/** A directory with a registrar, whose keys the page does not know: it takes those that the directory shows, and says so. */
import { IDL } from '@icp-sdk/core/candid';
import { expect, it } from 'vitest';
import { nameLabel, REGISTRAR } from '../../src/directory';
import { toHex } from '../../src/page/format';
import { screenshot, stage } from './support/browser';
import { keyOf, Owner } from './support/labels';

const CONFIGURATION = IDL.Record({
  registration: IDL.Variant({ open: IDL.Null, registrar: IDL.Null }),
  ratification: IDL.Variant({ certified_only: IDL.Null }),
});
const ARGUMENT = { registration: { registrar: null }, ratification: { certified_only: null } };
const on = stage(toHex(new Uint8Array(IDL.encode([IDL.Opt(CONFIGURATION)], [[ARGUMENT]]))));

const OWNER = new Uint8Array(32).fill(1);
const OF_REGISTRAR = new Uint8Array(32).fill(2);

it('shows a name that the registrar has vouched for, once there is a registrar', async () => {
  // The anonymous identity controls the directory, so it may enter the registrar.
  const owner = await Owner.of(on.network);
  const page = await on.open('view=directory&label=name&of=alice');
  await expect
    .poll(() => page.getByRole('alert').textContent())
    .toContain('The directory has no registrar yet, so it has registered no label.');

  await owner.setLabel(REGISTRAR, { secret: OF_REGISTRAR }, '');
  await owner.setLabel(nameLabel('alice'), { secret: OWNER, registrar: OF_REGISTRAR }, 'hello');
  await page.getByRole('button', { name: 'Try again' }).click();
  const card = page.locator('section:has(#label-title)');
  await expect.poll(() => card.textContent()).toContain(toHex(keyOf(OWNER)));
  const words = 'The registrar signed the registration. The page takes the registrar’s keys from this directory';
  expect(await page.locator('.checks').textContent()).toContain(words);
  await screenshot(page, 'directory-registrar');

  await page.goto(`${on.network.origin}/#view=directory&label=registrar`);
  await expect.poll(() => card.textContent()).toContain(toHex(keyOf(OF_REGISTRAR)));
  expect(await page.locator('.checks').textContent()).not.toContain(words);
}, 120_000);
