/** The changes of a key that a person may make: its owner claims it and sets its send key, an admin sets the rest. */
import { useEffect, useState } from 'preact/hooks';
import { Failure } from '../../client';
import { fromHex, toHex } from '../format';
import { administers, learnRole } from '../state/key-settings';
import { mailbox } from '../state/mailbox';
import { CLAIMED_BYTES, claimKey, dropSendKey, makeSendKey } from '../state/owner';
import { client } from '../state/session';
import { Change, fieldOf } from './change';
import { Copy } from './copy';
import { KeySettings } from './key-settings';

const ADDRESS_BYTES = 20;

export function KeyRights({ keyId }: { readonly keyId: Uint8Array }) {
  const of = client.value;
  useEffect(() => void learnRole(of), [of]);
  const signs = mailbox.value !== undefined;
  if (!signs && !administers.value) return null;
  return (
    <section class="card key-rights" aria-labelledby="rights-title">
      <h2 id="rights-title">Rights over this key</h2>
      {signs && keyId.length === CLAIMED_BYTES && <Claim keyId={keyId} />}
      {signs && keyId.length === ADDRESS_BYTES && (
        <p class="muted">
          A key id of 20 bytes belongs to a secp256k1 key with this Ethereum address. This browser’s key is of another
          kind, so it cannot claim this key.
        </p>
      )}
      {signs && <SendKey keyId={keyId} />}
      {administers.value ? (
        <KeySettings keyId={keyId} />
      ) : (
        <p class="muted">Only an admin of the store can change the quota of a key, or give it to another owner.</p>
      )}
    </section>
  );
}

function Claim({ keyId }: { readonly keyId: Uint8Array }) {
  return (
    <Change title="Claim this key">
      {(attempt) => (
        <form
          class="acknowledge"
          onSubmit={(event) => {
            event.preventDefault();
            const typed = fieldOf(event, 'salt');
            attempt(async () => {
              const salt = typed === '' ? undefined : fromHex(typed);
              if (typed !== '' && !salt) {
                throw new Failure('input', `The salt must be in hex, two digits a byte, not “${typed}”.`, false);
              }
              await claimKey(keyId, salt);
              return 'The key is yours.';
            });
          }}
        >
          <label class="wide">
            <span>Salt in hex; leave it empty if the key id is the hash of your public key</span>
            <input name="salt" class="code" autocomplete="off" spellcheck={false} />
          </label>
          <button type="submit">Claim</button>
        </form>
      )}
    </Change>
  );
}

function SendKey({ keyId }: { readonly keyId: Uint8Array }) {
  const [secret, setSecret] = useState<string>();
  return (
    <Change title="Send key">
      {(attempt) => (
        <>
          <p class="muted">
            A sender with the send key may fill the whole quota of this key. Give it to those who write to you. A new
            one replaces the old one. The store keeps only its hash, so it is shown once.
          </p>
          <p class="actions">
            <button
              type="button"
              onClick={() =>
                attempt(async () => {
                  setSecret(toHex(await makeSendKey(keyId)));
                  return 'The key has a new send key.';
                })
              }
            >
              Make a send key
            </button>
            <button
              type="button"
              onClick={() =>
                attempt(async () => {
                  await dropSendKey(keyId);
                  setSecret(undefined);
                  return 'The key has no send key.';
                })
              }
            >
              Remove the send key
            </button>
          </p>
          {secret && <Copy name="send key" value={secret} />}
        </>
      )}
    </Change>
  );
}
