/** The sealing view: the key, the composer, and the outbox. */
import { useState } from 'preact/hooks';
import { ClosedNotice } from '../parts/closed';
import { KeyPanel } from '../parts/key-panel';
import { Notice } from '../parts/notice';
import { OutboxList } from '../parts/outbox-list';
import { readsClosed, writesWords } from '../state/rules';
import { sealAndSend, sealingKey } from '../state/sealing';
import { status } from '../state/session';

export function WriteView() {
  return (
    <>
      <ClosedNotice status={status.value} />
      <KeyPanel />
      {sealingKey.value && <Composer />}
      <OutboxList />
    </>
  );
}

function Composer() {
  const [text, setText] = useState('');
  const [over, setOver] = useState(false);
  const [problem, setProblem] = useState<string>();

  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const sealText = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      await sealAndSend({ kind: 'text', text });
      setText('');
    });
  };
  const sealFiles = (files: Iterable<File>) =>
    attempt(async () => {
      for (const file of files) {
        await sealAndSend({ kind: 'file', name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
      }
    });

  return (
    <section class="card" aria-labelledby="seal-title">
      <h2 id="seal-title">Seal</h2>
      <form onSubmit={sealText}>
        <label>
          <span>Text</span>
          <textarea
            rows={5}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            class={over ? 'over' : ''}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              event.preventDefault();
              setOver(false);
              void sealFiles(event.dataTransfer?.files ?? []);
            }}
          />
        </label>
        <p class="actions">
          <button type="submit" class="primary" disabled={text === ''}>
            Seal and store
          </button>
          <label>
            <span>or files (you can drop them on the text field)</span>
            <input
              type="file"
              multiple
              onChange={(event) => {
                const input = event.currentTarget;
                void sealFiles([...(input.files ?? [])]).then(() => {
                  input.value = '';
                });
              }}
            />
          </label>
        </p>
      </form>
      {problem && <Notice tone="bad">{problem}</Notice>}
      <p class="muted">
        Your browser seals the text, or a file’s content and name. The canister and all its readers see the key id, the
        time, and a length slightly above that of the text or file.
      </p>
      {status.value && (
        <p class="muted">
          {writesWords(status.value)}
          {readsClosed(status.value) &&
            ' A sealing key’s key id has no owner, so only readers and admins can read what you store here, until an admin gives it an owner.'}
        </p>
      )}
    </section>
  );
}
