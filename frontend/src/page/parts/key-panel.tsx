/** The sealing key: unlocking it, and locking it again. */
import { useState } from 'preact/hooks';
import { KEY_FILE_MIN_BYTES } from '../../sealing';
import { linkTo } from '../state/route';
import { lock, sealingKeyId, unlockWithFile, unlockWithPassphrase } from '../state/sealing';
import { announce } from './announcer';
import { Copy } from './copy';
import { saveFile } from './files';
import { Notice } from './notice';

export function KeyPanel() {
  const keyId = sealingKeyId.value;
  return (
    <section class="card" aria-labelledby="key-title">
      <h2 id="key-title">Sealing key</h2>
      {keyId ? <Unlocked keyId={keyId} /> : <Locked />}
    </section>
  );
}

function Unlocked({ keyId }: { readonly keyId: string }) {
  return (
    <>
      <dl class="facts">
        <dt>Its key id</dt>
        <dd>
          <Copy name="key id" value={keyId} />
        </dd>
      </dl>
      <p class="actions">
        <a class="button" href={linkTo('messages', { by: 'key', key: keyId, order: 'newest', after: '', limit: '' })}>
          Read its messages
        </a>
        <button type="button" onClick={lock}>
          Lock
        </button>
      </p>
    </>
  );
}

function Locked() {
  const [working, setWorking] = useState(false);
  const [problem, setProblem] = useState<string>();

  const unlock = async (work: () => Promise<void>) => {
    setWorking(true);
    setProblem(undefined);
    try {
      await work();
      announce('The key is unlocked');
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setWorking(false);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    void unlock(() => unlockWithPassphrase(String(fields.get('passphrase') ?? '')));
  };

  return (
    <>
      <form class="unlock" onSubmit={submit}>
        <label class="wide">
          <span>Passphrase</span>
          <input type="password" name="passphrase" autocomplete="off" disabled={working} />
        </label>
        <button type="submit" class="primary" disabled={working}>
          {working ? 'Deriving the key…' : 'Unlock'}
        </button>
        <label>
          <span>or a key file</span>
          <input
            type="file"
            disabled={working}
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file) void unlock(() => unlockWithFile(file));
            }}
          />
        </label>
        <button type="button" disabled={working} onClick={makeKeyFile}>
          Make a key file
        </button>
      </form>
      {problem && <Notice tone="bad">{problem}</Notice>}
      <p class="muted">
        Anyone with the passphrase or the key file can find and read the messages sealed with it on this canister. They
        never leave this page. The key id that is derived from them is public, so others can test guesses of a
        passphrase against it. Use at least six random words, or a key file.
      </p>
    </>
  );
}

function makeKeyFile(): void {
  saveFile('message-canister.key', crypto.getRandomValues(new Uint8Array(KEY_FILE_MIN_BYTES)));
}
