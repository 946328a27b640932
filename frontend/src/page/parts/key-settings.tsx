/** The settings of a key that admins of the store change. */
import type { Principal } from '@icp-sdk/core/principal';
import { useState } from 'preact/hooks';
import { giveKey, keepKey, principalIn, setQuota } from '../state/key-settings';
import { isPrincipal } from '../state/owner';
import { quotaOf, quotaWords } from '../state/quota';
import { readsClosed } from '../state/rules';
import { status } from '../state/session';
import { type Attempt, Change, fieldOf } from './change';

interface OfKey {
  readonly keyId: Uint8Array;
}

export function KeySettings({ keyId }: OfKey) {
  return (
    <>
      <OwnQuota keyId={keyId} />
      <Owner keyId={keyId} />
      <Kept keyId={keyId} />
    </>
  );
}

function OwnQuota({ keyId }: OfKey) {
  return (
    <Change title="Quota">
      {(attempt) => (
        <>
          <p class="muted">The store’s quota applies to every key without its own. An empty field sets no limit.</p>
          <form
            class="acknowledge"
            onSubmit={(event) => {
              event.preventDefault();
              const [messages, megabytes] = [fieldOf(event, 'messages'), fieldOf(event, 'megabytes')];
              attempt(async () => {
                const quota = quotaOf(messages, megabytes);
                await setQuota(keyId, quota);
                return `The quota is set. ${quotaWords(quota)}`;
              });
            }}
          >
            <label>
              <span>Messages at most</span>
              <input name="messages" inputMode="numeric" autocomplete="off" />
            </label>
            <label>
              <span>Megabytes at most</span>
              <input name="megabytes" inputMode="numeric" autocomplete="off" />
            </label>
            <button type="submit">Set the quota</button>
            <button
              type="button"
              onClick={() =>
                attempt(async () => {
                  await setQuota(keyId, undefined);
                  return 'The key has the store’s quota.';
                })
              }
            >
              Use the store’s quota
            </button>
          </form>
        </>
      )}
    </Change>
  );
}

function Owner({ keyId }: OfKey) {
  if (isPrincipal(keyId)) {
    return <p class="muted">This key id is a principal. The key always belongs to that principal.</p>;
  }
  return <Change title="Owner">{(attempt) => <Give keyId={keyId} attempt={attempt} />}</Change>;
}

function Give({ keyId, attempt }: OfKey & { readonly attempt: Attempt }) {
  const [to, setTo] = useState<Principal>();
  const choose = (event: Event) => {
    event.preventDefault();
    const typed = fieldOf(event, 'owner');
    attempt(async () => {
      setTo(undefined);
      setTo(principalIn(typed));
      return undefined;
    });
  };
  const give = (owner: Principal) =>
    attempt(async () => {
      setTo(undefined);
      await giveKey(keyId, owner);
      return `The key belongs to ${owner.toText()}.`;
    });
  return (
    <form class="change" onSubmit={choose}>
      <div class="acknowledge">
        <label class="wide">
          <span>Principal of the new owner</span>
          <input name="owner" class="code" autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Give the key away</button>
      </div>
      {to && (
        <p class="actions">
          <span>The key goes to {to.toText()}. Its present owner loses it, and its send key is removed.</span>
          <button type="button" class="danger" onClick={() => give(to)}>
            Give it
          </button>
          <button type="button" onClick={() => setTo(undefined)}>
            Leave it
          </button>
        </p>
      )}
      {status.value && readsClosed(status.value) && (
        <p class="muted">
          Reads are closed. The new owner must claim the key before this page can show it. This page cannot show a key
          that the new owner cannot claim. Other programs can.
        </p>
      )}
    </form>
  );
}

function Kept({ keyId }: OfKey) {
  return (
    <Change title="Keep while it is empty">
      {(attempt) => {
        const keep = (kept: boolean, became: string) => () =>
          attempt(async () => {
            await keepKey(keyId, kept);
            return became;
          });
        return (
          <>
            <p class="muted">
              After a time without messages the store forgets a key, with its owner, send key and quota. It never
              forgets a kept key.
            </p>
            <p class="actions">
              <button type="button" onClick={keep(true, 'The key is kept while it is empty.')}>
                Keep it
              </button>
              <button type="button" onClick={keep(false, 'The key can be forgotten while it is empty.')}>
                Let it be forgotten
              </button>
            </p>
          </>
        );
      }}
    </Change>
  );
}
