/** The words of the widgets. They are English: a kernel does not know the language of the page that it is shown in. */

import { NodeState } from '../dag/types';

export const WORDS: Record<NodeState, string> = {
  none: 'Not known',
  up_to_date: 'Up to date',
  stale: 'Stale',
  to_run: 'To run',
  cannot_run: 'Cannot run here',
  pending: 'Waiting',
  running: 'Running',
  succeeded: 'Succeeded',
  failed: 'Failed',
  cancelled: 'Cancelled'
};

/** Where there is no room for a drawing. */
export const SIGNS: Record<NodeState, string> = {
  none: '·',
  up_to_date: '✓',
  stale: '↻',
  to_run: '○',
  cannot_run: '⊘',
  pending: '…',
  running: '▶',
  succeeded: '✓',
  failed: '✗',
  cancelled: '◼'
};
