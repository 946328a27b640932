/** Sealing text and files, reading them, sending again; that neither plaintext nor key is ever sent. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { screenshot, stage } from './support/browser';
import { Controller, text } from './support/canister';
import { OUTPUT } from './support/network';

const on = stage();
let controller: Controller;

beforeAll(async () => {
  controller = await Controller.of(on.network);
});

const PASSPHRASE = 'orbit velvet tundra maple quartz lantern';
const SECRET = 'meet me at the old pier, at nine';

async function unlock(page: Page, passphrase = PASSPHRASE): Promise<string> {
  await page.getByLabel('Passphrase').fill(passphrase);
  await page.getByRole('button', { name: 'Unlock' }).click();
  const keyId = page.locator('dt:text-is("Its key id") + dd code');
  await keyId.waitFor();
  return (await keyId.textContent()) as string;
}

async function sealText(page: Page, content: string): Promise<void> {
  await page.getByLabel('Text', { exact: true }).fill(content);
  await page.getByRole('button', { name: 'Seal and store' }).click();
}

const entry = (page: Page, label: string) => page.locator('.outbox li', { hasText: label });

/** Everything that leaves the page. */
function sent(page: Page): Buffer[] {
  const bodies: Buffer[] = [];
  page.on('request', (request) => bodies.push(Buffer.from(request.url()), request.postDataBuffer() ?? Buffer.alloc(0)));
  return bodies;
}

describe('sealing', () => {
  it('stores text sealed, opens it again in another browser with the same passphrase, and sends no secret', async () => {
    const page = await on.open('view=write');
    const bodies = sent(page);
    const keyId = await unlock(page);
    await sealText(page, SECRET);
    await expect.poll(() => entry(page, SECRET).textContent()).toContain('Stored as message');
    await screenshot(page, 'write-light');

    const everything = Buffer.concat(bodies);
    expect(everything.includes(Buffer.from(keyId, 'hex'))).toBe(true);
    for (const secret of [SECRET, PASSPHRASE, 'pier', 'velvet']) expect(everything.includes(secret)).toBe(false);

    const other = await on.open('view=write', { colorScheme: 'dark' });
    expect(await unlock(other)).toBe(keyId);
    await other.getByRole('link', { name: 'Read its messages' }).click();
    await expect.poll(() => other.locator('.row .what').last().textContent()).toContain(SECRET);
    await other.locator('.row .what').last().click();
    await expect.poll(() => other.locator('.reading').textContent()).toBe(`Sealed, opened with your key${SECRET}`);
    await expect.poll(() => other.getByText('The hash was computed in this browser and matches.').count()).toBe(1);
    await screenshot(other, 'opened-dark');
  });

  it('names messages sealed with another key, messages that do not open, and bytes without the format', async () => {
    const page = await on.open('view=write');
    const keyId = await unlock(page, 'another passphrase altogether');
    await sealText(page, 'mine');
    await expect.poll(() => entry(page, 'mine').textContent()).toContain('Stored as message');
    const mine = await controller.canister.get_messages_by_key(Buffer.from(keyId, 'hex'), {
      start: { __kind__: 'beginning', beginning: null },
      order: 'ascending' as never,
      limit: 1,
      prove: false,
    });
    if (mine.__kind__ === 'Err' || !mine.Ok.messages[0]) throw new Error('not stored');
    const altered = mine.Ok.messages[0].ciphertext.slice();
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    await controller.fill([
      { key_id: Buffer.from(keyId, 'hex'), ciphertext: altered },
      { key_id: text('elsewhere'), ciphertext: text('just bytes') },
    ]);
    await page.goto(`${on.network.origin}/#view=messages&by=range&from=1&until=&order=oldest`);
    await expect
      .poll(() => page.locator('.row .what').allTextContents())
      .toEqual(['Sealed format, not your key', 'opened mine', 'Sealed format, does not open', 'Bytes only']);
  });

  it('shows “already stored” when the same bytes are sent again', async () => {
    const page = await on.open('view=write');
    await unlock(page);
    await sealText(page, 'twice');
    await expect.poll(() => entry(page, 'twice').textContent()).toContain('Stored as message');
    const before = await controller.canister.get_max_message_id();
    await entry(page, 'twice').getByRole('button', { name: 'Send again' }).click();
    await expect.poll(() => entry(page, 'twice').textContent()).toContain('Already stored, as message');
    expect(await controller.canister.get_max_message_id()).toEqual(before);
  });

  it('sends again by itself when the answer was lost, and stores it once', async () => {
    const page = await on.open('view=write');
    await unlock(page);
    const before = await controller.canister.get_max_message_id();
    let lost = 0;
    let loses = true;
    await page.route(/\/call$/, async (route) => {
      if (!loses) return route.continue();
      await route.fetch();
      lost += 1;
      await route.abort();
    });
    await sealText(page, 'lost answer');
    await expect.poll(() => entry(page, 'lost answer').textContent()).toContain('does not answer');
    expect(lost).toBeGreaterThan(0);
    // The route stays: a call may be on it just now.
    loses = false;
    await expect.poll(() => entry(page, 'lost answer').textContent()).toContain('Already stored, as message');
    const after = await controller.canister.get_max_message_id();
    if (before.__kind__ === 'Err' || after.__kind__ === 'Err') throw new Error('no status');
    expect(after.Ok).toBe(before.Ok + 1);
  });

  it('waits while the network is away, and sends when it is back', async () => {
    const page = await on.open('view=write');
    await unlock(page);
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    await page.context().setOffline(true);
    await sealText(page, 'written on a train');
    await expect.poll(() => entry(page, 'written on a train').textContent()).toContain('does not answer');
    await page.context().setOffline(false);
    await expect.poll(() => entry(page, 'written on a train').locator('.good').count()).toBe(1);
  });

  it('keeps a sealed message for its canister while the page shows another one', async () => {
    const page = await on.open('view=write');
    await unlock(page);
    await expect.poll(() => page.locator('.live').textContent()).toBe('Live');
    await page.context().setOffline(true);
    await sealText(page, 'for this one');
    await expect.poll(() => entry(page, 'for this one').textContent()).toContain('does not answer');
    const calls: string[] = [];
    page.on('request', (request) => /lz3um.*\/call$/.test(request.url()) && calls.push(request.url()));
    await page.goto(`${on.network.origin}/#canister=lz3um-vp777-77777-aaaba-cai&view=write`);
    await page.getByRole('button', { name: 'Use the link’s canister' }).click();
    await page.context().setOffline(false);
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('There is no canister');
    await page.waitForTimeout(2500);
    expect([await page.locator('.outbox li').count(), calls]).toEqual([0, []]);
    await page.goto(`${on.network.origin}/#view=write`);
    // Its key was locked when the canister changed, so its label is gone.
    await expect.poll(() => page.locator('.outbox li').textContent()).toMatch(/[Ss]tored(, )? ?as message/);
    expect(await page.content()).not.toContain('for this one');
  });

  it('seals a chosen file and a dropped one, and gives them back byte for byte under their names', async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) & 0xff));
    const page = await on.open('view=write');
    const bodies = sent(page);
    await unlock(page, 'for the files');
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'budget 2026.xlsx', mimeType: 'x/y', buffer: content });
    await expect.poll(() => entry(page, 'budget 2026.xlsx').textContent()).toContain('Stored as message');
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['dropped content'], 'dropped.txt'));
      return data;
    });
    await page.getByLabel('Text', { exact: true }).dispatchEvent('drop', { dataTransfer: transfer });
    await expect.poll(() => entry(page, 'dropped.txt').textContent()).toContain('Stored as message');
    const everything = Buffer.concat(bodies);
    for (const secret of ['budget', 'dropped', content.subarray(0, 32)])
      expect(everything.includes(secret)).toBe(false);

    await page.getByRole('link', { name: 'Read its messages' }).click();
    await expect.poll(() => page.locator('.row .what').allTextContents()).toContain('opened File: budget 2026.xlsx');
    await page.locator('.row .what', { hasText: 'budget' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the file' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('budget 2026.xlsx');
    const saved = join(OUTPUT, 'saved.bin');
    await download.saveAs(saved);
    expect((await readFile(saved)).equals(content)).toBe(true);
  });

  it('makes a key file, and seals with it what only it opens', async () => {
    const page = await on.open('view=write');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Make a key file' }).click(),
    ]);
    const file = join(OUTPUT, 'made.key');
    await download.saveAs(file);
    expect((await readFile(file)).length).toBe(32);
    await page.getByLabel('or a key file').setInputFiles(file);
    await page.locator('dt:text-is("Its key id")').waitFor();
    await sealText(page, 'by file');
    await expect.poll(() => entry(page, 'by file').textContent()).toContain('Stored as message');
    await page.getByRole('button', { name: 'Lock' }).click();
    expect(await page.getByLabel('Text', { exact: true }).count()).toBe(0);
    // No plaintext stays: the entry is there, its label is not.
    expect(await page.content()).not.toContain('by file');
    expect(await page.locator('.outbox li').textContent()).toContain('sealed with a key that is locked now');
    await screenshot(page, 'write-locked-again');

    const short = join(OUTPUT, 'short.key');
    await writeFile(short, 'too short');
    await page.getByLabel('or a key file').setInputFiles(short);
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('has 9 bytes; at least 32');
  });

  it('refuses what would be too large before it is sent', async () => {
    const page = await on.open('view=write');
    await unlock(page);
    const buffer = Buffer.alloc(2_000_000);
    await page.locator('input[type=file]').setInputFiles({ name: 'large', mimeType: 'x/y', buffer });
    const words = 'Sealed, it would have 2,000,061 bytes; at most 2,000,000 are allowed.';
    await expect.poll(() => page.getByRole('alert').textContent()).toBe(words);
    const most = { name: 'large', mimeType: 'x/y', buffer: buffer.subarray(61) };
    await page.locator('input[type=file]').setInputFiles(most);
    await expect.poll(() => entry(page, 'large').textContent()).toContain('Stored as message');
  });
});

describe('identity', () => {
  it('is anonymous until a key is made, which is kept, used, and forgotten', async () => {
    const page = await on.open('view=connection');
    const principal = page.locator('dt:text-is("Principal") + dd code');
    expect(await principal.textContent()).toBe('2vxsx-fae');
    await page.getByRole('button', { name: 'Make a key in this browser' }).click();
    await expect.poll(() => principal.textContent()).toMatch(/^(\w{5}-){10}\w{3}$/);
    const made = await principal.textContent();
    await page.getByRole('button', { name: 'Copy the principal' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(made);

    await page.reload();
    expect(await principal.textContent()).toBe(made);
    const bodies = sent(page);
    await page.getByRole('link', { name: 'Seal and store' }).click();
    await unlock(page);
    await sealText(page, 'signed');
    await expect.poll(() => entry(page, 'signed').textContent()).toContain('Stored as message');
    expect(Buffer.concat(bodies).includes('sender_sig')).toBe(true);

    await page.getByRole('link', { name: 'Connection' }).click();
    await page.getByRole('button', { name: 'Forget this key' }).click();
    await page.getByRole('button', { name: 'Forget it for ever' }).click();
    await expect.poll(() => principal.textContent()).toBe('2vxsx-fae');
    await page.reload();
    expect(await principal.textContent()).toBe('2vxsx-fae');
  });
});
