/** The form that chooses a label of the directory. It changes the address, and the address starts the look-up. */
import { useState } from 'preact/hooks';
import { lookUp } from '../state/directory';
import { follow, fragment, type LabelKind, type LabelQuery, labelOf, linkTo } from '../state/route';
import { Ways } from './ways';

const KINDS: readonly (readonly [LabelKind, string])[] = [
  ['name', 'A name'],
  ['address', 'A principal'],
  ['registrar', 'The registrar'],
];

export function LabelForm() {
  const query = labelOf(fragment.value);
  const ask = (asked: LabelQuery) => void follow(linkTo('directory', asked), lookUp);
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
      <Ways legend="Look up" name="label" ways={KINDS} chosen={label} onChoose={setLabel} />
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
