/** How actions look: from what is known of them to a state, its words, and what the graph draws. */

import { TranslationBundle } from '@jupyterlab/translation';
import { NodeLook, NodeState } from './dag';
import { duration } from './format';
import { IPicture } from './model';
import { IAction, IActionStatus } from './types';

/** The state of an action: of its unfinished job, of a last job that failed, or of its outputs. */
export function stateOf(status: IActionStatus | undefined): NodeState {
  if (!status) {
    return 'none';
  }
  if (status.now === 'pending' || status.now === 'running') {
    return status.now;
  }
  if (status.job?.state === 'failed') {
    return status.job.code === 'cancelled_by_user' ? 'cancelled' : 'failed';
  }
  return status.now;
}

/** A state in words. */
export function words(state: NodeState, trans: TranslationBundle): string {
  const known: Record<NodeState, string> = {
    none: trans.__('Not known'),
    up_to_date: trans.__('Up to date'),
    stale: trans.__('Stale'),
    to_run: trans.__('To run'),
    cannot_run: trans.__('Cannot run here'),
    pending: trans.__('Pending'),
    running: trans.__('Running'),
    succeeded: trans.__('Succeeded'),
    failed: trans.__('Failed'),
    cancelled: trans.__('Cancelled')
  };
  return known[state];
}

/** How far a job's notebook has come, from 0 to 1; undefined where there is none. */
export function progressOf(status: IActionStatus | undefined): number | undefined {
  const notebook = status?.job?.notebook;
  if (status?.job?.state !== 'running' || !notebook?.total) {
    return undefined;
  }
  return notebook.done / notebook.total;
}

/** What the graph draws of each action. */
export function looksOf(picture: IPicture, trans: TranslationBundle): Map<string, NodeLook> {
  const statuses = byAction(picture);
  const looks = new Map<string, NodeLook>();
  for (const action of picture.pipeline?.actions ?? []) {
    const status = statuses.get(action.name);
    const state = stateOf(status);
    looks.set(action.name, {
      state,
      label: words(state, trans),
      detail: detailOf(status, trans),
      progress: progressOf(status),
      levels: levelsOf(action),
      notebook: action.notebook,
      runtime: action.runtime
    });
  }
  return looks;
}

/** Why the state is as it is, and how long the action takes as a rule. */
function detailOf(status: IActionStatus | undefined, trans: TranslationBundle): string | undefined {
  return status?.expected
    ? trans.__('%1 It takes about %2.', status.reason, duration(status.expected))
    : status?.reason;
}

/** The status of each action by name. */
export function byAction(picture: IPicture): Map<string, IActionStatus> {
  return new Map((picture.status?.actions ?? []).map(one => [one.action, one]));
}

/** Which levels the outputs of an action have; what is minimally sensitive is kept like the highest. */
export function levelsOf(action: IAction): { highly: boolean; moderately: boolean } {
  return {
    highly: action.outputs.some(one => one.level !== 'moderately_sensitive'),
    moderately: action.outputs.some(one => one.level === 'moderately_sensitive')
  };
}
