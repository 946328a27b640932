/** Verdicts: the verified result, or the reason why it was refused. No input makes a verification throw. */

export interface Refused<Why> {
  readonly kind: 'refused';
  readonly why: Why;
}

/** Ends a verification. */
export type Refuse<Why> = (why: Why) => never;

class Stop<Why> {
  constructor(readonly why: Why) {}
}

/** The result of `judge`, unless it refuses. */
export function judged<Verified, Why>(judge: (refuse: Refuse<Why>) => Verified): Verified | Refused<Why> {
  const refuse: Refuse<Why> = (why) => {
    throw new Stop(why);
  };
  try {
    return judge(refuse);
  } catch (error) {
    if (error instanceof Stop) return { kind: 'refused', why: error.why };
    throw error;
  }
}
