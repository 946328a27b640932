/** The form that chooses messages. It changes the address, and the address starts the query. */
import { useRef, useState } from 'preact/hooks';
import { fromTimeField, toHex, toTimeField } from '../format';
import { DEFAULT_PAGE_SIZE, run } from '../state/browse';
import { type By, follow, fragment, type ListOrder, linkTo, type Query, queryOf } from '../state/route';
import { sealingKeyId } from '../state/sealing';
import { Ways } from './ways';

const WAYS: readonly (readonly [By, string])[] = [
  ['key', 'Messages of a key'],
  ['range', 'Range of ids'],
  ['time', 'Span of time'],
  ['id', 'One id'],
  ['hash', 'One hash'],
];

/** Filled again if the address changes by other means. A submit keeps the typed text and the focus. */
export function QueryForm() {
  const address = fragment.value.toString();
  const submitted = useRef<string | undefined>(undefined);
  const filledFrom = useRef(address);
  if (address !== submitted.current) filledFrom.current = address;
  return (
    <Form
      key={filledFrom.current}
      query={queryOf(fragment.value)}
      onAsk={(query) => {
        const asked = linkTo('messages', query);
        submitted.current = asked.slice(1);
        void follow(asked, run);
      }}
    />
  );
}

interface FormProps {
  readonly query: Query | undefined;
  readonly onAsk: (query: Query) => void;
}

function Form({ query, onAsk }: FormProps) {
  const [by, setBy] = useState<By>(query?.by ?? 'key');
  const submit = (event: Event) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    onAsk(read(by, (name) => String(fields.get(name) ?? '').trim()));
  };
  return (
    <form class="query card" onSubmit={submit} aria-label="Choose messages">
      <Ways legend="Look up by" name="by" ways={WAYS} chosen={by} onChoose={setBy} />
      <div class="fields">
        <Fields by={by} query={query} />
        <button type="submit" class="primary">
          Look up
        </button>
      </div>
      {by === 'key' && sealingKeyId.value && (
        <p class="muted">
          <a href={linkTo('messages', { by: 'key', key: sealingKeyId.value, order: 'newest', after: '', limit: '' })}>
            Messages under your sealing key
          </a>
        </p>
      )}
    </form>
  );
}

/** The form's query. A key typed as text becomes its UTF-8 bytes, and a time becomes unix seconds. */
function read(by: By, field: (name: string) => string): Query {
  const paging = {
    order: (field('order') === 'oldest' ? 'oldest' : 'newest') as ListOrder,
    after: field('after'),
    limit: field('limit') === String(DEFAULT_PAGE_SIZE) ? '' : field('limit'),
  };
  const time = (name: string) => (field(name) === '' ? '' : String(fromTimeField(field(name)) ?? ''));
  switch (by) {
    case 'key': {
      const text = field('key');
      return { by, key: field('written') === 'text' ? toHex(new TextEncoder().encode(text)) : text, ...paging };
    }
    case 'range':
      return { by, from: field('from'), until: field('until'), ...paging };
    case 'time':
      return { by, from: time('from'), until: time('until'), ...paging };
    case 'id':
      return { by, id: field('id') };
    case 'hash':
      return { by, hash: field('hash') };
  }
}

function Fields({ by, query }: { readonly by: By; readonly query: Query | undefined }) {
  const known = query?.by === by ? query : undefined;
  switch (by) {
    case 'key':
      return (
        <>
          <Field name="key" label="Key id" value={known?.by === 'key' ? known.key : ''} wide code />
          <label>
            <span>Written as</span>
            <select name="written">
              <option value="hex">hex</option>
              <option value="text">text</option>
            </select>
          </label>
          <PagingFields query={known} />
        </>
      );
    case 'range':
      return (
        <>
          <Field name="from" label="From id" value={known?.by === 'range' ? known.from : '1'} numeric />
          <Field name="until" label="To id" value={known?.by === 'range' ? known.until : ''} hint="last" numeric />
          <PagingFields query={known} />
        </>
      );
    case 'time': {
      const field = (seconds: string) => (seconds === '' ? '' : toTimeField(Number(seconds)));
      return (
        <>
          <Field name="from" label="From" time value={known?.by === 'time' ? field(known.from) : ''} />
          <Field name="until" label="Until" time value={known?.by === 'time' ? field(known.until) : ''} />
          <PagingFields query={known} />
        </>
      );
    }
    case 'id':
      return <Field name="id" label="Id" value={known?.by === 'id' ? known.id : ''} numeric />;
    case 'hash':
      return (
        <Field
          name="hash"
          label="SHA-256 of the ciphertext, hex"
          value={known?.by === 'hash' ? known.hash : ''}
          wide
          code
        />
      );
  }
}

function PagingFields({ query }: { readonly query: Query | undefined }) {
  const known = query && 'order' in query ? query : undefined;
  return (
    <>
      <label>
        <span>Order</span>
        <select name="order">
          <option value="newest">newest first</option>
          <option value="oldest" selected={known?.order === 'oldest'}>
            oldest first
          </option>
        </select>
      </label>
      <Field name="limit" label="Page size" value={known?.limit || String(DEFAULT_PAGE_SIZE)} numeric short />
      <Field name="after" label="Continue after id" value={known?.after ?? ''} hint="none" numeric short />
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly time?: boolean;
  readonly hint?: string;
  readonly numeric?: boolean;
  readonly short?: boolean;
  readonly wide?: boolean;
  readonly code?: boolean;
}

function Field({ name, label, value, time, hint, numeric, short, wide, code }: FieldProps) {
  const common = {
    name,
    defaultValue: value,
    placeholder: hint,
    class: code ? 'code' : undefined,
    autocomplete: 'off',
    spellcheck: false,
  } as const;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: either input is one
    <label class={[short && 'short', wide && 'wide'].filter(Boolean).join(' ')}>
      <span>{label}</span>
      {time ? (
        <input type="datetime-local" step={1} {...common} />
      ) : (
        <input type="text" inputMode={numeric ? 'numeric' : undefined} {...common} />
      )}
    </label>
  );
}
