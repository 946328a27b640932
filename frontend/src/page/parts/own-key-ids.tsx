/** The key ids that this browser's key owns or can claim. */
import { useState } from 'preact/hooks';
import { toHex } from '../format';
import { hashedKeyId, makeSalted, type Salted } from '../state/owner';
import { linkTo } from '../state/route';
import { Copy } from './copy';

export function OwnKeyIds() {
  const [salted, setSalted] = useState<Salted>();
  const hashed = toHex(hashedKeyId());
  const hidden = salted && toHex(salted.keyId);
  return (
    <details>
      <summary>Key ids to claim</summary>
      <dl class="facts">
        <dt>Hash of your public key</dt>
        <dd>
          <Copy name="hashed key id" value={hashed} /> <Open keyId={hashed} />
        </dd>
        {salted && hidden && (
          <>
            <dt>Salted key id</dt>
            <dd>
              <Copy name="salted key id" value={hidden} /> <Open keyId={hidden} />
            </dd>
            <dt>Its salt</dt>
            <dd>
              <Copy name="salt" value={toHex(salted.salt)} />
            </dd>
          </>
        )}
      </dl>
      <p class="actions">
        <button type="button" onClick={() => setSalted(makeSalted())}>
          Make a salted key id
        </button>
      </p>
      <p class="muted">
        A salted key id hides its owner until you claim it. Keep the salt: nobody can claim the key without it, and this
        page does not store it.
      </p>
    </details>
  );
}

function Open({ keyId }: { readonly keyId: string }) {
  return (
    <a href={linkTo('messages', { by: 'key', key: keyId, order: 'newest', after: '', limit: '' })}>Its messages</a>
  );
}
