// The calls of every application: add, read, and tell failures apart.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { actor, agent, bytes, failure, inbox } from './inbox.mjs';

export async function messagesAreAddedOnceAndReadBack(packages, settings) {
  const canister = await inbox(packages, settings);
  const [key, sealed] = [bytes('alice'), bytes('sealed')];
  assert.deepEqual(await canister.add_message(key, sealed), { Ok: { id: 1, duplicate: false } });
  assert.deepEqual(await canister.add_message(key, sealed), { Ok: { id: 1, duplicate: true } });
  const refused = await canister.add_message(new Uint8Array(65), sealed);
  assert.deepEqual(refused, { Err: { KeyIdLength: { length: 65, max: 64 } } });

  const { Ok: { message } } = await canister.get_message_by_id(1, []);
  assert.deepEqual(Uint8Array.from(message.key_id), key);
  assert.deepEqual(Uint8Array.from(message.ciphertext), sealed);
  const hash = createHash('sha256').update(sealed).digest();
  assert.deepEqual(Buffer.from(message.hash), hash);
  assert.deepEqual(await canister.get_message_by_id(2, []), { Err: { UnknownId: { id: 2, last: 1 } } });
  assert.deepEqual(await canister.has_messages([{ key_id: key, hash }]), { Ok: [[1]] });
}

export async function aBatchIsAddedAndReadInPages(packages, settings) {
  const canister = await inbox(packages, settings);
  const key_id = bytes('bob');
  const batch = [1, 2, 3, 4, 5, 6, 7].map((n) => ({ key_id, ciphertext: new Uint8Array(100).fill(n), send_key: [] }));
  const results = await canister.add_messages([...batch, { key_id, ciphertext: new Uint8Array(), send_key: [] }]);
  const added = batch.map((_, index) => ({ Ok: { id: index + 1, duplicate: false } }));
  assert.deepEqual(results, { Ok: [...added, { Err: { CiphertextEmpty: null } }] });

  for (const [order, ids] of [['ascending', [1, 2, 3, 4, 5, 6, 7]], ['descending', [7, 6, 5, 4, 3, 2, 1]]]) {
    const found = [];
    let after = 0;
    do {
      const start = after === 0 ? { beginning: null } : { after };
      const cursor = { start, order: { [order]: null }, limit: 3, prove: false };
      const { Ok: page } = await canister.get_messages_by_key(key_id, cursor);
      found.push(...page.messages.map((message) => message.id));
      after = page.next;
    } while (after !== 0);
    assert.deepEqual(found, ids, order);
  }
  const all = { after: 0, order: { descending: null }, limit: 9 };
  const { Ok: byTime } = await canister.get_messages_by_time(0, 2 ** 32 - 1, all);
  assert.deepEqual(byTime.messages.map((message) => message.id), [7, 6, 5, 4, 3, 2, 1]);

  const unknown = { start: { after: 9 }, order: { ascending: null }, limit: 3, prove: false };
  assert.deepEqual(await canister.get_messages_by_key(key_id, unknown), { Err: { UnknownCursor: { after: 9 } } });
}

export async function trapsMissingMethodsAndMissingCanistersAreToldApart(packages, settings) {
  const network = await agent(packages, settings.url);
  // As an application that was built for another canister would call.
  const idlFactory = ({ IDL }) => IDL.Service({
    add_message: IDL.Func([IDL.Nat8], [], []),
    get_message_by_id: IDL.Func([IDL.Text], [], ['query']),
    missing: IDL.Func([], [], []),
    missing_query: IDL.Func([], [], ['query']),
  });
  const canister = actor({ ...packages, idlFactory }, network, settings.canister);
  const nobody = actor({ ...packages, idlFactory }, network, settings.absentCanister);
  for (const [attempt, code, rejectCode, errorCode] of [
    [() => canister.add_message(1), 'CertifiedRejectErrorCode', 4, 'IC0406'],
    [() => canister.get_message_by_id('text'), 'UncertifiedRejectErrorCode', 5, 'IC0503'],
    [() => canister.missing(), 'CertifiedRejectErrorCode', 5, 'IC0536'],
    [() => canister.missing_query(), 'UncertifiedRejectErrorCode', 5, 'IC0536'],
    [() => nobody.missing(), 'UncertifiedRejectUpdateErrorCode', 3, 'IC0301'],
    [() => nobody.missing_query(), 'UncertifiedRejectErrorCode', 3, 'IC0301'],
  ]) {
    assert.deepEqual(await rejection(attempt), [code, rejectCode, errorCode], `${attempt}`);
  }
  const malformed = await failure(() => canister.add_message(1));
  assert.match(malformed.message, /malformed argument/);
}

export async function rejectionsOfCanistersAreTold(packages, settings) {
  const idlFactory = ({ IDL }) => IDL.Service({
    reject: IDL.Func([], [], []),
    reject_of_query: IDL.Func([], [], ['query']),
    refused: IDL.Func([], [], []),
  });
  const canister = actor({ ...packages, idlFactory }, await agent(packages, settings.url), settings.canister);
  for (const [attempt, code] of [
    [() => canister.reject(), 'CertifiedRejectErrorCode'],
    [() => canister.reject_of_query(), 'UncertifiedRejectErrorCode'],
    [() => canister.refused(), 'UncertifiedRejectUpdateErrorCode'],
  ]) {
    assert.deepEqual(await rejection(attempt), [code, 4, 'IC0406'], `${attempt}`);
  }
  const rejected = await failure(() => canister.reject());
  assert.equal(rejected.code.rejectMessage, 'no');
}

/** How an attempt is rejected: by a certificate or not, with which code, with which code of the error. */
async function rejection(attempt) {
  const error = await failure(attempt);
  assert.equal(error.name, 'RejectError', `${error}`);
  return [error.code.name, error.code.rejectCode, error.code.rejectErrorCode];
}

export async function metadataAndTheModuleHashAreCertified(packages, settings) {
  const status = await packages.CanisterStatus.request({
    agent: await agent(packages, settings.url),
    canisterId: packages.Principal.fromText(settings.canister),
    paths: [
      'candid', 'module_hash', 'controllers',
      { kind: 'metadata', key: 'absent', path: 'absent', decodeStrategy: 'utf-8' },
    ],
  });
  assert.equal(status.get('candid'), readFileSync(settings.did, 'utf8'));
  assert.equal(status.get('module_hash'), settings.moduleHash);
  assert.deepEqual(status.get('controllers').map(String), settings.controllers);
  assert.equal(status.get('absent'), null);
}
