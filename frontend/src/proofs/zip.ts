/** The pairs of two lists. undefined: one is longer. */
export function zip<One, Other>(one: readonly One[], other: readonly Other[]): [One, Other][] | undefined {
  return one.length === other.length ? one.map((item, at) => [item, other[at] as Other]) : undefined;
}
