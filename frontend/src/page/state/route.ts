/**
 * The address's fragment is the part of the page's state that can be shared: the canister, the network, the view and
 * the query. It never contains a secret.
 */
import { signal } from '@preact/signals';

export const VIEWS = ['overview', 'messages', 'directory', 'write', 'connection'] as const;
export type View = (typeof VIEWS)[number];

/** The chosen list or message, as typed in the form and not yet checked. */
export type Query =
  | {
      readonly by: 'key';
      readonly key: string;
      readonly order: ListOrder;
      readonly after: string;
      readonly limit: string;
    }
  | ({ readonly by: 'range' | 'time'; readonly from: string; readonly until: string } & ListFields)
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'hash'; readonly hash: string };
export type ListOrder = 'newest' | 'oldest';
interface ListFields {
  readonly order: ListOrder;
  readonly after: string;
  readonly limit: string;
}
export type By = Query['by'];

/** The label of the directory that is looked up, as typed in the form and not yet checked. */
export interface LabelQuery {
  readonly label: LabelKind;
  readonly of: string;
  readonly state: 'newest' | 'ratified';
}
export type LabelKind = 'name' | 'address' | 'registrar';

/** Fields that a change of the view or the query keeps. */
const PLACE_FIELDS = ['canister', 'network'];

function read(): URLSearchParams {
  return new URLSearchParams(location.hash.slice(1));
}

export const fragment = signal(read());
addEventListener('hashchange', () => {
  fragment.value = read();
});

export function viewOf(fields: URLSearchParams): View {
  const view = fields.get('view');
  return VIEWS.find((known) => known === view) ?? 'overview';
}

/** The query in a fragment, or undefined if there is none. */
export function queryOf(fields: URLSearchParams): Query | undefined {
  const get = (name: string): string => fields.get(name) ?? '';
  const list: ListFields = {
    order: get('order') === 'oldest' ? 'oldest' : 'newest',
    after: get('after'),
    limit: get('limit'),
  };
  switch (get('by')) {
    case 'key':
      return { by: 'key', key: get('key'), ...list };
    case 'range':
      return { by: 'range', from: get('from'), until: get('until'), ...list };
    case 'time':
      return { by: 'time', from: get('from'), until: get('until'), ...list };
    case 'id':
      return { by: 'id', id: get('id') };
    case 'hash':
      return { by: 'hash', hash: get('hash') };
    default:
      return undefined;
  }
}

/** The label in a fragment, or undefined if there is none. */
export function labelOf(fields: URLSearchParams): LabelQuery | undefined {
  const [label, of] = [fields.get('label'), fields.get('of') ?? ''];
  const state = fields.get('state') === 'ratified' ? 'ratified' : 'newest';
  return label === 'name' || label === 'address' || label === 'registrar' ? { label, of, state } : undefined;
}

/** The address of a view at the current place. */
export function linkTo(view: View, query?: Query | LabelQuery): string {
  const fields = new URLSearchParams();
  for (const name of PLACE_FIELDS) {
    const value = fragment.value.get(name);
    if (value !== null) fields.set(name, value);
  }
  fields.set('view', view);
  for (const [name, value] of Object.entries(query ?? {})) if (value !== '') fields.set(name, value);
  return `#${fields}`;
}

/** Goes to an address. The same address again means: run it again. */
export async function follow(address: string, again: () => Promise<void>): Promise<void> {
  if (address === location.hash) await again();
  else location.hash = address;
}

/** The address of another place, at its overview. */
export function goTo(canister: string, network: string): void {
  location.hash = `#${new URLSearchParams({ canister, network, view: 'overview' })}`;
}
