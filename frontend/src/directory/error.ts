/**
 * A failed check. Its code is a path of names from the check to the reason: `Map`, `Decode/Truncated/edge`,
 * `Change/Signature/TooFew`. The Rust library's errors have the same names.
 */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly code: string;

  constructor(code: string) {
    super(`The directory's answer is refused: ${code}.`);
    this.code = code;
  }
}

/** Runs a check. Puts a name before the codes of its errors. */
export function within<T>(name: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof DirectoryError) throw new DirectoryError(`${name}/${error.code}`);
    throw error;
  }
}
