/** A lying node, whose signatures are good: each lie is said in words, and nothing false is shown as a message. */
import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/page/format';
import { screenshot, stage } from './support/browser';
import { Controller, text } from './support/canister';
import { type Answer, Liar } from './support/liar';

const on = stage();
let controller: Controller;
const KEY = text('lied-about');
const OF_KEY = `view=messages&by=key&key=${toHex(KEY)}&order=oldest`;

type Page_ = Answer<'get_messages_by_key'>;
type Messages = Extract<Page_, { Ok: unknown }>['Ok'];

beforeAll(async () => {
  controller = await Controller.of(on.network);
  await controller.fill(Array.from({ length: 5 }, (_, at) => ({ key_id: KEY, ciphertext: text(`message ${at + 1}`) })));
});

const rows = (page: Page) => page.locator('.all-rows .row');
const alert = (page: Page) => page.getByRole('alert').textContent();
const hash = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

/** The page at an address, whose node lies so. */
async function lied(fragment: string, lie: (liar: Liar) => void): Promise<{ page: Page; liar: Liar }> {
  let liar: Liar | undefined;
  const page = await on.open(fragment, {}, async (opened) => {
    liar = await Liar.to(opened);
    lie(liar);
  });
  return { page, liar: liar as Liar };
}

/** A page of a key, changed. */
const changed = (change: (page: Messages) => Messages) => (liar: Liar) =>
  liar.lie('get_messages_by_key', (answer: Page_) => {
    if ('Err' in answer) throw new Error(JSON.stringify(answer.Err));
    return { Ok: change(answer.Ok) };
  });

const FORGED = text('forged');

describe('the truth', () => {
  it('is verified through the node that could lie: list, key and each message', async () => {
    const { page } = await lied(
      OF_KEY,
      changed((answer) => answer),
    );
    await expect.poll(() => rows(page).count()).toBe(5);
    expect(await page.locator('.list .trust').textContent()).toMatch(/^Verified as of 20\d\d-/);
    expect(await page.locator('.all-rows .proof').allTextContents()).toEqual(Array(5).fill('verified'));
    expect(await page.locator('.key-card').textContent()).toContain('Messages ever5');
    await rows(page).first().click();
    expect(await page.locator('.detail .trust').textContent()).toMatch(/^Verified as of .* would have noticed .*\.$/);
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

const A_LIE = 'This answer is false, so it is not shown';

describe('a node that lies about a key', () => {
  it.each<[string, string, (page: Messages) => Messages]>([
    [
      'forges a message and its hash',
      'A message was forged, left out, added or exchanged.',
      ({ messages, ...rest }) => ({
        ...rest,
        messages: messages.map((one) => (one.id === 3 ? { ...one, ciphertext: FORGED, hash: hash(FORGED) } : one)),
      }),
    ],
    [
      'forges a message alone',
      'The hash of message 3 is false.',
      ({ messages, ...rest }) => ({
        ...rest,
        messages: messages.map((one) => (one.id === 3 ? { ...one, ciphertext: FORGED } : one)),
      }),
    ],
    [
      'leaves out a message',
      'The answer has 4 messages, but the proof is of 5: messages were left out.',
      ({ messages, ...rest }) => ({ ...rest, messages: messages.filter(({ id }) => id !== 3) }),
    ],
    [
      'changes a time',
      'A message was forged, left out, added or exchanged.',
      ({ messages, ...rest }) => ({
        ...rest,
        messages: messages.map((one) => ({ ...one, timestamp: one.timestamp - 1 })),
      }),
    ],
    [
      'says that the key is empty',
      'The answer has 0 messages, but the proof is of 5: messages were left out.',
      (answer) => ({ ...answer, messages: [] }),
    ],
    [
      'withholds the proof',
      'The answer came without the proof that was asked for.',
      (answer) => ({ ...answer, proof: [] }),
    ],
    [
      'shows another key’s messages',
      'Message 1 belongs to another key',
      ({ messages, ...rest }) => ({ ...rest, messages: messages.map((one) => ({ ...one, key_id: text('other') })) }),
    ],
  ])('%s', async (what, words, change) => {
    const { page, liar } = await lied(OF_KEY, changed(change));
    await expect.poll(() => alert(page)).toContain(words);
    expect(await alert(page)).toContain(what === 'withholds the proof' ? 'No proof came' : A_LIE);
    expect(await rows(page).count()).toBe(0);
    expect(await page.locator('main').textContent()).not.toContain('Verified as of');
    if (what === 'leaves out a message') await screenshot(page, 'lie');
    // The next node tells the truth.
    liar.tellTheTruth();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await expect.poll(() => rows(page).count()).toBe(5);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('says the wrong number of messages in its head', async () => {
    const { page } = await lied(OF_KEY, (liar) =>
      liar.lie('get_key_heads', (answer: Answer<'get_key_heads'>) => {
        if ('Err' in answer) throw new Error(JSON.stringify(answer.Err));
        const { heads, ...rest } = answer.Ok;
        return { Ok: { ...rest, heads: heads.map((head) => (head[0] ? [{ ...head[0], rank: 4 }] : [])) } };
      }),
    );
    await expect.poll(() => alert(page)).toContain('The field rank of key 1 is false.');
    expect(await rows(page).count()).toBe(0);
  });
});

describe('a node that shows an older state', () => {
  it('is caught by the memory of the browser, which can be forgotten', async () => {
    const old = text('rolled back');
    await controller.fill([{ key_id: old, ciphertext: text('first') }]);
    const fragment = `view=messages&by=key&key=${toHex(old)}&order=oldest`;
    const kept: { page?: Page_; heads?: Answer<'get_key_heads'> } = {};
    const { page, liar } = await lied(fragment, (told) => {
      told.lie('get_messages_by_key', (answer: Page_) => {
        kept.page = answer;
        return answer;
      });
      told.lie('get_key_heads', (answer: Answer<'get_key_heads'>) => {
        kept.heads = answer;
        return answer;
      });
    });
    await expect.poll(() => rows(page).count()).toBe(1);
    const { page: oldPage, heads: oldHeads } = kept;
    if (!oldPage || !oldHeads) throw new Error('nothing was asked');

    await controller.fill([{ key_id: old, ciphertext: text('second') }]);
    liar.tellTheTruth();
    await page.getByRole('button', { name: 'Look up' }).click();
    await expect.poll(() => rows(page).count()).toBe(2);

    // Genuine, certified, and signed by the node; but of yesterday, so to say.
    liar.lie('get_messages_by_key', () => oldPage);
    liar.lie('get_key_heads', () => oldHeads);
    // Not only while this page is open: a reload remembers as well.
    await page.reload();
    await expect.poll(() => alert(page)).toContain('The key has 1 messages, but 2 were seen before');
    expect(await alert(page)).toContain('older than the one seen before');
    expect(await rows(page).count()).toBe(0);
    await page.getByRole('button', { name: 'Forget what this browser saw of this key' }).click();
    await expect.poll(() => rows(page).count()).toBe(1);
  });
});

describe('a node that lies about one message', () => {
  it('exchanges it for another', async () => {
    const { page, liar } = await lied('view=messages&by=id&id=2', (told) =>
      told.lie('get_message_by_id', (answer: Answer<'get_message_by_id'>) => {
        if ('Err' in answer) throw new Error(JSON.stringify(answer.Err));
        const { message, ...rest } = answer.Ok;
        return { Ok: { ...rest, message: { ...message, ciphertext: FORGED, hash: hash(FORGED) } } };
      }),
    );
    await expect.poll(() => alert(page)).toContain('A message was forged, left out, added or exchanged.');
    expect(await page.locator('.detail').count()).toBe(0);
    liar.tellTheTruth();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await expect.poll(() => page.locator('.detail .trust').textContent()).toMatch(/^Verified as of /);
  });

  it('says that it is not there: that has no proof, and the page says so', async () => {
    const { page } = await lied('view=messages&by=id&id=2', (told) =>
      told.lie('get_message_by_id', () => ({ Err: { NotFound: null } })),
    );
    await expect
      .poll(() => alert(page))
      .toContain('One node says this. The store does not prove that a single message is absent.');
  });
});

describe('a read without a proof', () => {
  it('says so: a range of ids, a span of time, and the counts', async () => {
    const { page } = await lied('view=messages&by=range&from=1&until=', () => {});
    await expect.poll(() => rows(page).count()).toBeGreaterThan(4);
    expect(await page.locator('.list .trust').textContent()).toMatch(/^Not proved: this comes from one node\./);
    expect(new Set(await page.locator('.all-rows .proof').allTextContents())).toEqual(new Set(['unproved']));
    await page.goto(`${on.network.origin}/#view=messages&by=time&from=0&until=`);
    await expect
      .poll(() => page.locator('.list .trust').textContent())
      .toMatch(/^Not proved: this comes from one node\./);
    await page.goto(`${on.network.origin}/#view=overview`);
    await page.getByText('Counts, limits and the chart come from one node').waitFor();
  });

  it('is checked as far as it can be: a hash that is not its ciphertext’s stops the view', async () => {
    const { page } = await lied('view=messages&by=range&from=1&until=5', (liar) =>
      liar.lie('get_messages_by_range', (answer: Answer<'get_messages_by_range'>) => {
        if ('Err' in answer) throw new Error(JSON.stringify(answer.Err));
        const { messages, ...rest } = answer.Ok;
        return { Ok: { ...rest, messages: messages.map((one) => ({ ...one, ciphertext: FORGED })) } };
      }),
    );
    await expect.poll(() => alert(page)).toContain('The hash of message');
    expect(await rows(page).count()).toBe(0);
  });
});
