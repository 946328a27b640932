/** What the owner of a key does besides reading: claims it, and gives it a send key. */
import { useState } from 'preact/hooks';
import { Failure } from '../../client';
import { fromHex, toHex } from '../format';
import { CLAIMED_BYTES, claimKey, dropSendKey, makeSendKey } from '../state/owner';
import { announce } from './announcer';
import { Copy } from './copy';
import { Notice } from './notice';

const ADDRESS_BYTES = 20;

export function KeyOwner({ keyId }: { readonly keyId: Uint8Array }) {
  return (
    <>
      {keyId.length === CLAIMED_BYTES && <Claim keyId={keyId} />}
      {keyId.length === ADDRESS_BYTES && (
        <p class="muted">
          A key id of 20 bytes belongs to a secp256k1 key with this Ethereum address. This browser’s key is of another
          kind, so it cannot claim this key.
        </p>
      )}
      <SendKey keyId={keyId} />
    </>
  );
}

/** Runs what may fail, and returns the sentence of a failure. */
async function problemOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error.message;
    throw error;
  }
}

function Claim({ keyId }: { readonly keyId: Uint8Array }) {
  const [problem, setProblem] = useState<string>();
  const submit = async (event: Event) => {
    event.preventDefault();
    const typed = String(new FormData(event.currentTarget as HTMLFormElement).get('salt')).trim();
    const salt = typed === '' ? undefined : fromHex(typed);
    if (typed !== '' && !salt) return setProblem(`The salt must be in hex, two digits a byte, not “${typed}”.`);
    const went = await problemOf(() => claimKey(keyId, salt));
    setProblem(went);
    if (!went) announce('The key is yours');
  };
  return (
    <details>
      <summary>Claim this key</summary>
      <form onSubmit={(event) => void submit(event)}>
        <div class="acknowledge">
          <label class="wide">
            <span>Salt in hex; leave it empty where the key id is the hash of your public key</span>
            <input name="salt" class="code" autocomplete="off" spellcheck={false} />
          </label>
          <button type="submit">Claim</button>
        </div>
        {problem && <Notice tone="bad">{problem}</Notice>}
      </form>
    </details>
  );
}

function SendKey({ keyId }: { readonly keyId: Uint8Array }) {
  const [secret, setSecret] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const attempt = (work: () => Promise<void>) => async () => setProblem(await problemOf(work));
  return (
    <details>
      <summary>Send key</summary>
      <p class="muted">
        Whoever shows the send key may fill the whole quota of this key. Give it to those who write to you. A new one
        replaces the old one. The store keeps only its hash, so it is shown once.
      </p>
      <p class="actions">
        <button
          type="button"
          onClick={attempt(async () => {
            setSecret(toHex(await makeSendKey(keyId)));
            announce('There is a new send key');
          })}
        >
          Make a send key
        </button>
        <button
          type="button"
          onClick={attempt(async () => {
            await dropSendKey(keyId);
            setSecret(undefined);
            announce('The send key is removed');
          })}
        >
          Remove the send key
        </button>
      </p>
      {secret && <Copy name="send key" value={secret} />}
      {problem && <Notice tone="bad">{problem}</Notice>}
    </details>
  );
}
