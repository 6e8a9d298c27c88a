/** How states are shown: a symbol, a tone and words, never colour alone. Pure. */

import { TranslationBundle } from '@jupyterlab/translation';
import { NodeState } from '../dag';
import { IOutputPair, JobState, Level, RequestStatus, Verdict } from '../types';

export type Tone = 'good' | 'bad' | 'busy' | 'warn' | 'dim';
export type SymbolName =
  'check' | 'cross' | 'busy' | 'play' | 'wait' | 'skip' | 'stop' | 'again' | 'lock';

export interface ILook {
  symbol: SymbolName;
  tone: Tone;
  words: string;
}

/** The look of a job. */
export function jobLook(state: JobState, code: string, trans: TranslationBundle): ILook {
  if (code === 'cancelled_by_user') {
    return { symbol: 'stop', tone: 'warn', words: trans.__('Cancelled') };
  }
  if (code === 'dependency_failed') {
    return { symbol: 'skip', tone: 'warn', words: trans.__('Not run') };
  }
  if (code === 'cannot_run_here') {
    return { symbol: 'cross', tone: 'bad', words: trans.__('Cannot run') };
  }
  return statusLook(state, trans);
}

/** The look of a request. */
export function statusLook(status: RequestStatus, trans: TranslationBundle): ILook {
  switch (status) {
    case 'succeeded':
      return { symbol: 'check', tone: 'good', words: trans.__('Succeeded') };
    case 'failed':
      return { symbol: 'cross', tone: 'bad', words: trans.__('Failed') };
    case 'running':
      return { symbol: 'busy', tone: 'busy', words: trans.__('Running') };
    case 'pending':
      return { symbol: 'wait', tone: 'dim', words: trans.__('Pending') };
    case 'nothing_to_do':
      return { symbol: 'skip', tone: 'dim', words: trans.__('Nothing to do') };
  }
}

/** The symbol and tone of the state of an action; its words are in `words`. */
export function stateLook(state: NodeState): Omit<ILook, 'words'> {
  const looks: Record<NodeState, [SymbolName, Tone]> = {
    none: ['skip', 'dim'],
    up_to_date: ['check', 'good'],
    stale: ['again', 'warn'],
    to_run: ['play', 'busy'],
    cannot_run: ['cross', 'bad'],
    pending: ['wait', 'dim'],
    running: ['busy', 'busy'],
    succeeded: ['check', 'good'],
    failed: ['cross', 'bad'],
    cancelled: ['stop', 'warn']
  };
  const [symbol, tone] = looks[state];
  return { symbol, tone };
}

/** The look of a verdict of a plan. */
export function verdictLook(verdict: Verdict, trans: TranslationBundle): ILook {
  switch (verdict) {
    case 'run':
      return { symbol: 'play', tone: 'busy', words: trans.__('Run') };
    case 'stale':
      return { symbol: 'again', tone: 'warn', words: trans.__('Stale, run again') };
    case 'skip':
      return { symbol: 'skip', tone: 'dim', words: trans.__('Skipped') };
    case 'cannot_run':
      return { symbol: 'cross', tone: 'bad', words: trans.__('Cannot run') };
  }
}

/** Whether an output is the same as before. */
export function pairLook(pair: IOutputPair, trans: TranslationBundle): ILook {
  if (!pair.left) {
    return { symbol: 'play', tone: 'busy', words: trans.__('New') };
  }
  if (!pair.right) {
    return { symbol: 'skip', tone: 'dim', words: trans.__('Not made') };
  }
  return pair.same
    ? { symbol: 'check', tone: 'dim', words: trans.__('The same') }
    : { symbol: 'again', tone: 'warn', words: trans.__('Differs') };
}

/** The look of a cell of a notebook. */
export function cellLook(state: string, trans: TranslationBundle): ILook {
  switch (state) {
    case 'done':
      return { symbol: 'check', tone: 'good', words: trans.__('Done') };
    case 'failed':
      return { symbol: 'cross', tone: 'bad', words: trans.__('Failed') };
    case 'stopped':
      return { symbol: 'stop', tone: 'warn', words: trans.__('Did not finish') };
    default:
      return { symbol: 'busy', tone: 'busy', words: trans.__('Running') };
  }
}

export const LEVELS: readonly Level[] = [
  'highly_sensitive',
  'moderately_sensitive',
  'minimally_sensitive'
];

/** What a level means for those who want to look. */
export function levelMeaning(level: Level, trans: TranslationBundle): string {
  switch (level) {
    case 'highly_sensitive':
      return trans.__(
        'Nobody views these outputs. People can only ask for code to be run on them.'
      );
    case 'moderately_sensitive':
      return trans.__(
        'An approved person may view these, on a secure machine. Only these can be proposed for release to the ' +
          'public, which is decided after a review.'
      );
    case 'minimally_sensitive':
      return trans.__('Accepted, and kept like highly_sensitive.');
  }
}
