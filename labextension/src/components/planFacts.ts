/** What a plan says: which of its actions are listed, and how long they take as a rule. Pure. */

import { TranslationBundle } from '@jupyterlab/translation';
import { duration } from '../format';
import { IDeclared, IPlan, IPlannedAction, Verdict } from '../types';

export const VERDICTS: readonly Verdict[] = ['run', 'stale', 'skip', 'cannot_run'];

export function wouldRun(one: IPlannedAction): boolean {
  return one.verdict === 'run' || one.verdict === 'stale';
}

/** The actions of a verdict whose name, runtime or reason has a text in it. */
export function listed(plan: IPlan, verdict: Verdict | null, text: string): IPlannedAction[] {
  const wanted = text.trim().toLowerCase();
  return plan.actions.filter(
    one =>
      (verdict === null || one.verdict === verdict) &&
      [one.action, one.runtime ?? '', one.reason].some(words =>
        words.toLowerCase().includes(wanted)
      )
  );
}

/** Seconds that all that would run takes as a rule, added up, and of how many actions that is not known. */
export function expectedOf(plan: IPlan): { seconds: number; unknown: number } {
  const running = plan.actions.filter(wouldRun);
  const known = running.flatMap(one => one.expected ?? []);
  return {
    seconds: known.reduce((sum, seconds) => sum + seconds, 0),
    unknown: running.length - known.length
  };
}

/** How many actions would run and how long that takes. */
export function planSentence(plan: IPlan, trans: TranslationBundle): string {
  const count = plan.counts.run + plan.counts.stale;
  if (count === 0) {
    return plan.counts.cannot_run > 0
      ? trans.__('Nothing would run.')
      : trans.__('Nothing would run: everything is up to date.');
  }
  const sentence = trans._n('%1 action would run.', '%1 actions would run.', count);
  const { seconds, unknown } = expectedOf(plan);
  if (unknown === count) {
    return sentence;
  }
  const time =
    unknown === 0
      ? trans.__('One after the other they take about %1.', duration(seconds))
      : trans._n(
          'One after the other they take about %2, and %1 that has not run before.',
          'One after the other they take about %2, and %1 that have not run before.',
          unknown,
          duration(seconds)
        );
  return `${sentence} ${time}`;
}

export interface IParameter {
  name: string;
  given: string | null;
  /** What the notebook itself says. */
  own: string | null;
  help: string;
}

/** What is given and what is declared, by name. */
export function parameterRows(
  parameters: Record<string, unknown>,
  declared: readonly IDeclared[]
): IParameter[] {
  const given = (name: string) => (name in parameters ? JSON.stringify(parameters[name]) : null);
  const known = declared.map(({ name, value, type, help }) => ({
    name,
    given: given(name),
    own: type ? `${type} = ${value}` : value,
    help
  }));
  const others = Object.keys(parameters)
    .filter(name => !declared.some(one => one.name === name))
    .map(name => ({ name, given: given(name), own: null, help: '' }));
  return [...known, ...others];
}
