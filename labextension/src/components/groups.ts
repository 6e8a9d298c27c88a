/** By which beginnings of their names actions may be drawn as one box. Pure. */

/** Actions that must begin alike to be worth a group. */
const ENOUGH = 3;
/** Groups that are offered at most. */
const OFFERED = 30;

export interface IGroup {
  prefix: string;
  count: number;
}

/** Whole words that at least three names begin with, the largest groups first; never all names. */
export function prefixesOf(names: readonly string[]): IGroup[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    for (const found of name.matchAll(/[_.\-]+/g)) {
      const prefix = name.slice(0, found.index + found[0].length);
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
    }
  }
  const groups = [...counts]
    .filter(([, count]) => count >= ENOUGH && count < names.length)
    .map(([prefix, count]) => ({ prefix, count }));
  // of beginnings that the same names have, the longest says most
  const best = groups.filter(
    one =>
      !groups.some(
        other =>
          other.prefix.length > one.prefix.length &&
          other.prefix.startsWith(one.prefix) &&
          other.count === one.count
      )
  );
  return best
    .sort((a, b) => b.count - a.count || a.prefix.localeCompare(b.prefix))
    .slice(0, OFFERED);
}
