/** Which actions the table lists, and in which order. Pure. */

import { NodeState } from '../dag';
import { STATES } from '../dag/looks';
import { stateOf } from '../looks';
import { IAction, IActionStatus } from '../types';

export type SortKey = 'action' | 'state' | 'last';

export interface ISort {
  /** Null for the order of project.yaml. */
  key: SortKey | null;
  descending: boolean;
}

export interface IActionRow {
  action: IAction;
  status: IActionStatus | undefined;
  state: NodeState;
}

/** The rows that have a text in their name, runtime, state or reason, in order. */
export function actionRows(
  actions: readonly IAction[],
  statuses: ReadonlyMap<string, IActionStatus>,
  filter: string,
  sort: ISort
): IActionRow[] {
  const wanted = filter.trim().toLowerCase();
  const rows = actions
    .map(action => {
      const status = statuses.get(action.name);
      return { action, status, state: stateOf(status) };
    })
    .filter(({ action, status, state }) =>
      [action.name, action.runtime, state.replaceAll('_', ' '), status?.reason ?? ''].some(text =>
        text.toLowerCase().includes(wanted)
      )
    );
  if (sort.key === null) {
    return rows;
  }
  const order = ORDERS[sort.key];
  const sign = sort.descending ? -1 : 1;
  return rows.sort((a, b) => sign * order(a, b));
}

/** What a click on the head of a column sorts by: upwards, downwards, then as in project.yaml again. */
export function sortedBy(sort: ISort, key: SortKey): ISort {
  if (sort.key !== key) {
    return { key, descending: false };
  }
  return sort.descending ? { key: null, descending: false } : { key, descending: true };
}

/** The rows from one to another, in the order in which they stand. */
export function between(names: readonly string[], from: string, to: string): string[] {
  const [a, b] = [names.indexOf(from), names.indexOf(to)];
  return a < 0 || b < 0 ? [to] : names.slice(Math.min(a, b), Math.max(a, b) + 1);
}

/** The actions that are stale or were never run. */
export function staleOnes(statuses: readonly IActionStatus[]): string[] {
  return statuses.filter(one => one.now === 'stale' || one.now === 'to_run').map(one => one.action);
}

const ORDERS: Record<SortKey, (a: IActionRow, b: IActionRow) => number> = {
  action: (a, b) => a.action.name.localeCompare(b.action.name),
  state: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state),
  // the newest first
  last: (a, b) => moment(b).localeCompare(moment(a))
};

function moment({ status }: IActionRow): string {
  return status?.job?.started_at ?? status?.job?.created_at ?? '';
}
