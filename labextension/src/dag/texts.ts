import { NodeState } from './types';

/** Every visible or spoken string. Callers translate; functions leave plurals to the translator. */
export interface GraphTexts {
  graph: string;
  /** Read out when the graph is entered. */
  keys: string;
  empty: string;
  overview: string;
  tooLarge: string;
  highly: string;
  moderately: string;
  /** One letter each, in the boxes. */
  highlyBadge: string;
  moderatelyBadge: string;
  notebook: string;
  /** Used for actions that have no look yet. */
  unknown: string;
  runtime(name: string): string;
  needs(count: number): string;
  neededBy(count: number): string;
  progress(percent: number): string;
  actions(count: number): string;
  group(prefix: string, count: number): string;
  /** "3 actions are running", "2 failed", for what is said when states change, and for groups. */
  count(state: NodeState, count: number): string;
  list(parts: string[]): string;
}

const COUNTS: Record<NodeState, string> = {
  none: 'not run yet',
  up_to_date: 'up to date',
  stale: 'stale',
  to_run: 'to run',
  cannot_run: 'cannot run',
  pending: 'waiting',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled'
};

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

export const ENGLISH: GraphTexts = {
  graph: 'Graph of the pipeline',
  keys:
    'Arrow up goes to a needed action, arrow down to one that needs this, left and right to its neighbours. ' +
    'Enter opens, Space selects, plus and minus zoom, 0 shows everything, Escape clears the selection.',
  empty: 'No actions to show',
  overview: 'Overview',
  tooLarge: 'The picture is too large for this browser.',
  highly: 'highly sensitive outputs',
  moderately: 'moderately sensitive outputs',
  highlyBadge: 'H',
  moderatelyBadge: 'M',
  notebook: 'notebook',
  unknown: 'not known yet',
  runtime: name => `runs in ${name}`,
  needs: count => (count ? `needs ${count}` : 'needs nothing'),
  neededBy: count => (count ? `needed by ${count}` : 'not needed by others'),
  progress: percent => `${percent}% done`,
  actions: count => plural(count, 'action', 'actions'),
  group: (prefix, count) => `${plural(count, 'action', 'actions')} beginning with ${prefix}`,
  count: (state, count) => `${count} ${COUNTS[state]}`,
  list: parts => parts.join(', ')
};
