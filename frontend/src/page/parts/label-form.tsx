/** The form that chooses a label of the directory. It changes the address, and the address starts the look-up. */
import { useState } from 'preact/hooks';
import { lookUp } from '../state/directory';
import { fragment, type LabelKind, type LabelQuery, labelOf, linkTo } from '../state/route';

const KINDS: readonly (readonly [LabelKind, string])[] = [
  ['name', 'A name'],
  ['address', 'A principal'],
  ['registrar', 'The registrar'],
];

export function LabelForm() {
  const query = labelOf(fragment.value);
  const ask = (asked: LabelQuery) => {
    const address = linkTo('directory', asked);
    // If the address stays the same, the look-up is repeated.
    if (address === location.hash) void lookUp();
    else location.hash = address;
  };
  return <Form key={query && `${query.label} ${query.of} ${query.state}`} query={query} onAsk={ask} />;
}

interface FormProps {
  readonly query: LabelQuery | undefined;
  readonly onAsk: (query: LabelQuery) => void;
}

function Form({ query, onAsk }: FormProps) {
  const [label, setLabel] = useState<LabelKind>(query?.label ?? 'name');
  const submit = (event: Event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    onAsk({
      label,
      of: String(fields.get('of') ?? '').trim(),
      state: fields.get('state') === 'ratified' ? 'ratified' : 'newest',
    });
  };
  return (
    <form class="query card" onSubmit={submit} aria-label="Choose a label">
      <fieldset class="ways">
        <legend class="visually-hidden">Look up</legend>
        {KINDS.map(([kind, words]) => (
          <label key={kind} class={kind === label ? 'on' : ''}>
            <input type="radio" name="label" value={kind} checked={kind === label} onChange={() => setLabel(kind)} />
            {words}
          </label>
        ))}
      </fieldset>
      <div class="fields">
        {label !== 'registrar' && (
          <label class="wide">
            <span>{label === 'name' ? 'Name' : 'Principal'}</span>
            <input
              type="text"
              name="of"
              defaultValue={query?.label === label ? query.of : ''}
              autocomplete="off"
              spellcheck={false}
            />
          </label>
        )}
        <label>
          <span>State</span>
          <select name="state">
            <option value="newest">newest</option>
            <option value="ratified" selected={query?.state === 'ratified'}>
              ratified by verifiers
            </option>
          </select>
        </label>
        <button type="submit" class="primary">
          Look up
        </button>
      </div>
    </form>
  );
}
