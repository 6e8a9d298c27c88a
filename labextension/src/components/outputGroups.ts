/** Outputs as they are listed. */

import { IOutput } from '../types';

/** Outputs by action, in the order of these; what actions have left that are there no more comes last. */
export function byAction<T extends Pick<IOutput, 'action'>>(
  outputs: readonly T[],
  actions: readonly string[]
): [string, T[]][] {
  const groups = new Map<string, T[]>(actions.map(name => [name, []]));
  for (const one of outputs) {
    const group = groups.get(one.action);
    if (group) {
      group.push(one);
    } else {
      groups.set(one.action, [one]);
    }
  }
  return [...groups].filter(([, files]) => files.length > 0);
}
