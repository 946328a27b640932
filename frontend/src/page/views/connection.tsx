/** The connection view: the canister, its network, and the identity. */
import { useState } from 'preact/hooks';
import { MAINNET, networkAt, type Place } from '../../client';
import { Copy } from '../parts/copy';
import { MailboxButton } from '../parts/mailbox-button';
import { Notice } from '../parts/notice';
import { OwnKeyIds } from '../parts/own-key-ids';
import { dropIdentity, identityProblem, newIdentity, principal } from '../state/identity';
import { mailbox } from '../state/mailbox';
import { goTo } from '../state/route';
import { agreeTo, identity, located } from '../state/session';

const BAD_NETWORK =
  'is not a network that this page can use. It can use the Internet Computer (https://icp-api.io, icp0.io, ic0.app) or a network on this computer (http://127.0.0.1:PORT or http://localhost:PORT).';

export function ConnectionView() {
  return (
    <>
      <AskAboutPlace />
      <PlaceForm />
      <Identity />
    </>
  );
}

/** A link can name another canister than the page's server. Nothing is called there until a person agrees. */
function AskAboutPlace() {
  const { value } = located;
  if (!('asked' in value)) return null;
  const { asked, server } = value;
  return (
    <Notice tone="warn" title="This link opens another canister">
      <p>
        The address names <Where {...asked} />. The server of this page names <Where {...server} />. Continue only if
        you trust the sender of the link: what you seal would be stored there.
      </p>
      <p class="actions">
        <button type="button" class="primary" onClick={() => goTo(server.canisterId, server.network.origin)}>
          Use the server’s canister
        </button>
        <button type="button" onClick={() => agreeTo(asked)}>
          Use the link’s canister
        </button>
      </p>
    </Notice>
  );
}

function Where({ canisterId, network }: Place) {
  return (
    <>
      <code>{canisterId}</code> on {network.origin}
    </>
  );
}

function PlaceForm() {
  const { value } = located;
  const place = 'place' in value ? value.place : undefined;
  const [problem, setProblem] = useState<string>();
  const submit = (event: Event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const [canister, network] = [String(fields.get('canister')).trim(), String(fields.get('network')).trim()];
    if (canister === '') return setProblem('The canister id is missing.');
    if (!networkAt(network)) return setProblem(`"${network}" ${BAD_NETWORK}`);
    setProblem(undefined);
    const chosen = networkAt(network);
    if (chosen) agreeTo({ canisterId: canister, network: chosen });
    goTo(canister, network);
  };
  const own = networkAt(location.origin)?.origin;
  return (
    <section class="card" aria-labelledby="place-title">
      <h2 id="place-title">Canister and network</h2>
      {'problem' in value && value.problem === 'no-canister' && (
        <Notice tone="plain">Neither the address nor this page’s server names a canister. Enter the id of one.</Notice>
      )}
      {'problem' in value && value.problem === 'bad-network' && (
        <Notice tone="bad">
          “{value.network}” {BAD_NETWORK}
        </Notice>
      )}
      <form class="place" onSubmit={submit}>
        <label class="wide">
          <span>Canister id</span>
          <input
            name="canister"
            class="code"
            defaultValue={place?.canisterId ?? ''}
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <label class="wide">
          <span>Network</span>
          <input
            name="network"
            list="networks"
            defaultValue={place?.network.origin ?? own ?? MAINNET}
            autocomplete="off"
          />
        </label>
        <datalist id="networks">
          <option value={MAINNET} />
          {own && own !== MAINNET && <option value={own} />}
        </datalist>
        <button type="submit" class="primary">
          Connect
        </button>
      </form>
      {problem && <Notice tone="bad">{problem}</Notice>}
      <p class="muted">
        {place?.network.kind === 'local'
          ? 'This is a local network. Its key comes from the network itself, so trust its answers only if you trust the network.'
          : 'Answers from the Internet Computer are checked against its key, which is built into this page.'}
      </p>
    </section>
  );
}

function Identity() {
  const [sure, setSure] = useState(false);
  return (
    <section class="card" aria-labelledby="identity-title">
      <h2 id="identity-title">Identity</h2>
      <dl class="facts">
        <dt>You are</dt>
        <dd>{identity.value ? 'the holder of a key made in this browser' : 'anonymous'}</dd>
        <dt>Principal</dt>
        <dd>
          <Copy name="principal" value={principal.value} />
        </dd>
        {mailbox.value && (
          <>
            <dt>Mailbox’s key id</dt>
            <dd>
              <Copy name="key id" value={mailbox.value} />
            </dd>
          </>
        )}
      </dl>
      {identity.value && <OwnKeyIds key={principal.value} />}
      <p class="actions">
        <MailboxButton />
        {!identity.value && (
          <button type="button" onClick={newIdentity}>
            Make a key in this browser
          </button>
        )}
        {identity.value && !sure && (
          <button type="button" onClick={() => setSure(true)}>
            Forget this key
          </button>
        )}
        {identity.value && sure && (
          <>
            <span>After this, nobody can sign as this principal.</span>
            <button type="button" class="danger" onClick={() => void dropIdentity().then(() => setSure(false))}>
              Forget it for ever
            </button>
            <button type="button" onClick={() => setSure(false)}>
              Keep it
            </button>
          </>
        )}
      </p>
      {identityProblem.value && <Notice tone="bad">{identityProblem.value}</Notice>}
      <p class="muted">
        The key of this browser signs your calls. Its private part stays in this browser and cannot be read, not even by
        this page. The canister does not record who stored a message. The principal is also a key id that only you own:
        your mailbox.
      </p>
    </section>
  );
}
