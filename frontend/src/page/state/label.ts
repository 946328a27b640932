/** Labels of the directory as people type them. Pure. */
import { Principal } from '@icp-sdk/core/principal';
import { Failure } from '../../client';
import { addressLabel, nameLabel, REGISTRAR } from '../../directory';
import type { LabelQuery } from './route';

const MAX_LABEL_BYTES = 64;
const ADDRESS_BYTES = 29;
/** The last byte of a key's principal. */
const SELF_AUTHENTICATING = 2;

/** The bytes of a label. Throws a {@link Failure} if the text is not a label. */
export function labelBytes({ label, of }: LabelQuery): Uint8Array {
  if (label === 'registrar') return REGISTRAR;
  if (label === 'address') {
    const bytes = principalOf(of);
    if (bytes?.length === ADDRESS_BYTES && bytes.at(-1) === SELF_AUTHENTICATING) return addressLabel(bytes);
    throw new Failure('input', `"${of}" is not the principal of a key.`, false);
  }
  const name = nameLabel(of);
  if (name.length > 1 && name.length <= MAX_LABEL_BYTES) return name;
  throw new Failure('input', `A name has 1 to ${MAX_LABEL_BYTES - 1} bytes; "${of}" has ${name.length - 1}.`, false);
}

function principalOf(text: string): Uint8Array | undefined {
  try {
    return Principal.fromText(text).toUint8Array();
  } catch {
    return undefined;
  }
}
