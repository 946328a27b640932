/**
 * The errors of a canister as sentences. For each error type there is a table with a sentence for each case. If a case is
 * missing, the table does not compile.
 */
import { Failure } from './failure';

/** A sentence, and whether the same call may succeed later. */
export type Words = readonly [message: string, transient: boolean];

type Variant = { readonly __kind__: string };
/** The value of a case. `null`: it has none. */
type ValueOf<E extends Variant, K extends E['__kind__']> = Extract<E, { __kind__: K }>[K &
  keyof Extract<E, { __kind__: K }>];

/** For each case of an error: its sentence, or a function from the case's value to the sentence. */
export type Sentences<E extends Variant> = {
  readonly [K in E['__kind__']]: Words | ((value: ValueOf<E, K>) => Words);
};

/** A function that looks an error up in its table. It throws a TypeError for an unknown case. */
export function wordsOf<E extends Variant>(sentences: Sentences<E>): (error: E) => Words {
  return (error) => {
    const kind: E['__kind__'] = error.__kind__;
    const words = sentences[kind];
    if (words === undefined) throw new TypeError(`unknown error ${JSON.stringify(error)}`);
    return typeof words === 'function' ? words((error as Record<string, unknown>)[kind] as never) : words;
  };
}

type Answer<T, E> = { __kind__: 'Ok'; Ok: T } | { __kind__: 'Err'; Err: E };

/** Returns the Ok value, or throws the error as a {@link Failure}. */
export function take<T, E extends Variant>(answer: Answer<T, E>, words: (error: E) => Words): T {
  if (answer.__kind__ === 'Ok') return answer.Ok;
  throw refusal(answer.Err, words);
}

/** One of the canister's errors as a {@link Failure}. */
export function refusal<E extends Variant>(error: E, words: (error: E) => Words): Failure {
  const [message, transient] = words(error);
  return new Failure('refused', message, transient, error.__kind__);
}

type Limited =
  | { __kind__: 'budget'; budget: { retry_after: number } }
  | { __kind__: 'rate'; rate: { retry_after: number } }
  | { __kind__: 'low_cycles'; low_cycles: null };

/** Cases that both canisters have. `who`: "The store". `kept`: the purposes for which the last cycles are kept. */
export function commonSentences(who: string, kept: string) {
  const limited = wordsOf<Limited>({
    budget: ({ retry_after }) => [
      `${who}’s budget for callers like you is used up. Try again in ${count(retry_after)} s.`,
      true,
    ],
    rate: ({ retry_after }) => [
      `You call more often than ${who.toLowerCase()} allows. Try again in ${count(retry_after)} s.`,
      true,
    ],
    low_cycles: [`${who} has few cycles left and keeps them for ${kept}. Try again later.`, true],
  });
  const other = ({ code, message }: { code: number; message: string }): Words => [
    `${who} refused with code ${count(code)}: ${message}`,
    false,
  ];
  return { limited, other };
}

const number = new Intl.NumberFormat('en-US');
export const count = (value: number | bigint): string => number.format(value);
