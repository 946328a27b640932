/** The directory view: a verified label with its history, a verified absence, and the sentence for each lie. */
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { toHex } from '../../src/page/format';
import { screenshot, stage } from './support/browser';
import { keyOf, Owner } from './support/labels';
import { type Answer, Liar } from './support/liar';

const on = stage();
const OLD = new Uint8Array(32).fill(1);
const NEW = new Uint8Array(32).fill(2);
const FOREIGN = new Uint8Array(32).fill(3);
const BOB = 'view=directory&label=name&of=bob';
let owner: Owner;

beforeAll(async () => {
  owner = await Owner.of(on.network);
  // One epoch for both.
  const other = await Owner.of(on.network);
  await Promise.all([owner.set('alice', OLD, 'hello'), other.set('bob', OLD, 'hello')]);
});

type Found = Extract<Answer<'lookup'>, { Ok: unknown }>['Ok'];

const card = (page: Page) => page.locator('section:has(#label-title)');
const alert = (page: Page) => page.getByRole('alert').textContent();

/** The page at a label whose node lies so about look-ups. */
async function lied(change: (found: Found) => Found): Promise<{ page: Page; liar: Liar }> {
  let liar: Liar | undefined;
  const page = await on.open(BOB, {}, async (opened) => {
    liar = await Liar.to(opened);
    liar.lie('lookup', (answer: Answer<'lookup'>) => ('Ok' in answer ? { Ok: change(answer.Ok) } : answer));
  });
  return { page, liar: liar as Liar };
}

/** Bytes with a sequence exchanged for another of its length, wherever it is. */
function exchanged(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const [hex, before] = [toHex(bytes), toHex(from)];
  if (!hex.includes(before)) throw new Error('nothing to exchange');
  return Uint8Array.from(Buffer.from(hex.replaceAll(before, toHex(to)), 'hex'));
}

it('shows a free name and a changed key, and catches a rolled back directory', async () => {
  const page = await on.open('view=directory');
  await page.getByLabel('Name', { exact: true }).fill('nobody');
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText('Nobody has registered this label. The directory proves it.').waitFor();

  let kept: Answer<'lookup'> | undefined;
  const liar = await Liar.to(page);
  liar.lie('lookup', (answer: Answer<'lookup'>) => {
    kept ??= answer;
    return answer;
  });
  await page.getByLabel('Name', { exact: true }).fill('alice');
  await page.getByRole('button', { name: 'Look up' }).click();
  await expect.poll(() => card(page).textContent()).toContain(toHex(keyOf(OLD)));
  expect(await card(page).locator('.trust').textContent()).toMatch(/^Certified as of 20\d\d-.* It is not ratified: /);
  expect(await card(page).textContent()).toContain('5 bytes');

  await owner.set('alice', NEW, 'hello again', OLD);
  await page.getByRole('button', { name: 'Look up' }).click();
  await expect.poll(() => card(page).textContent()).toContain(toHex(keyOf(NEW)));
  expect(await page.locator('.changes li').allTextContents()).toEqual([
    expect.stringMatching(/^Version 1: keys or profile set, with new keys, signed by 2 keys 20/),
    expect.stringMatching(/^Version 0: registered, signed by 1 key 20/),
  ]);
  expect(await page.locator('.checks').textContent()).toContain('The log continues the one of');
  await screenshot(page, 'directory');

  // Genuine and certified a moment ago; but the page has seen more, and remembers it when it is loaded again.
  liar.lie('lookup', () => kept as Answer<'lookup'>);
  await page.reload();
  await expect
    .poll(() => alert(page))
    .toContain('does not continue the one seen before: it was rolled back or forked.');
  expect(await card(page).count()).toBe(0);
  await screenshot(page, 'directory-lie');
  liar.tellTheTruth();
  await page.getByRole('button', { name: 'Ask again' }).click();
  await expect.poll(() => card(page).textContent()).toContain(toHex(keyOf(NEW)));
}, 120_000);

it.each<[string, string, (found: Found) => Found]>([
  [
    'shows a foreign key',
    'a foreign key was shown, or the label was hidden. (Map)',
    ({ proof, ...rest }) => ({ ...rest, proof: exchanged(Uint8Array.from(proof), keyOf(OLD), keyOf(FOREIGN)) }),
  ],
  [
    'shows a foreign profile',
    'The profile is not the one that the entry commits to. (Profile)',
    ({ proof, ...rest }) => {
      const [hello, other] = ['hello', 'jello'].map((word) => new TextEncoder().encode(word)) as [
        Uint8Array,
        Uint8Array,
      ];
      return { ...rest, proof: exchanged(Uint8Array.from(proof), hello, other) };
    },
  ],
  [
    'forges the log',
    'The log of the answer is not the one that the subnet certifies.',
    ({ certified: { log, ...certified }, ...rest }) => ({
      ...rest,
      certified: { ...certified, log: Uint8Array.from(log, (byte, at) => (at === 20 ? byte ^ 1 : byte)) },
    }),
  ],
  [
    'withholds the certificate',
    'The answer came without the proof that was asked for.',
    ({ certified, ...rest }) => ({ ...rest, certified: { ...certified, certificate: [] } }),
  ],
])('a node that %s is caught, and the next one is believed', async (_, words, change) => {
  const { page, liar } = await lied(change);
  await expect.poll(() => alert(page)).toContain(words);
  expect(await card(page).count()).toBe(0);
  liar.tellTheTruth();
  await page.getByRole('button', { name: 'Ask again' }).click();
  await card(page).waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);
});

it('a node that publishes a foreign key of the directory is caught by the first look-up', async () => {
  let liar: Liar | undefined;
  const page = await on.open(BOB, {}, async (opened) => {
    liar = await Liar.to(opened);
    liar.lie('get_configuration', (answer: Answer<'get_configuration'>) =>
      'Ok' in answer ? { Ok: { ...answer.Ok, vrf_key: keyOf(FOREIGN) } } : answer,
    );
  });
  await expect.poll(() => alert(page)).toContain('another configuration or another key than its log carries.');
  liar?.tellTheTruth();
  await page.getByRole('button', { name: 'Ask again' }).click();
  await card(page).waitFor();
});

it('a malformed label is refused with its text, and nothing is asked', async () => {
  const page = await on.open('view=directory&label=address&of=aaaaa-aa');
  await expect.poll(() => alert(page)).toContain('"aaaaa-aa" is not the principal of a key.');
});
