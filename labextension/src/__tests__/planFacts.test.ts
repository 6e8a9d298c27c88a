import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedOf, listed, parameterRows, planSentence } from '../components/planFacts';
import { IPlan, IPlannedAction, Verdict } from '../types';
import { trans } from './words';

const one = (
  action: string,
  verdict: Verdict,
  more: Partial<IPlannedAction> = {}
): IPlannedAction => ({
  action,
  verdict,
  reason: '',
  waits_for: null,
  runtime: '',
  expected: null,
  run_command: '',
  line: null,
  notebook: null,
  ...more
});

function plan(...actions: IPlannedAction[]): IPlan {
  const counts = { run: 0, stale: 0, skip: 0, cannot_run: 0 };
  actions.forEach(action => (counts[action.verdict] += 1));
  return { actions, counts } as unknown as IPlan;
}

const made = plan(
  one('a', 'run', { expected: 30, runtime: 'python:v2' }),
  one('b', 'stale', { expected: 60, reason: 'Its code has changed.' }),
  one('c', 'skip', { expected: 600 })
);

test('a plan is listed by verdict and by text', () => {
  const names = (verdict: Verdict | null, text: string) =>
    listed(made, verdict, text).map(action => action.action);
  assert.deepEqual(names(null, ''), ['a', 'b', 'c']);
  assert.deepEqual(names('stale', ''), ['b']);
  assert.deepEqual(names(null, 'python'), ['a']);
  assert.deepEqual(names(null, 'CHANGED'), ['b']);
});

test('what is skipped takes no time', () => {
  assert.deepEqual(expectedOf(made), { seconds: 90, unknown: 0 });
  assert.match(planSentence(made, trans), /2 actions would run\. .* 1 min 30 s\./);
});

test('what was never run is said to be unknown', () => {
  const mixed = plan(one('a', 'run', { expected: 30 }), one('b', 'run', { expected: null }));
  assert.match(planSentence(mixed, trans), /30 s, and 1 that has not run before/);
  assert.equal(planSentence(plan(one('a', 'run')), trans), '1 action would run.');
});

test('nothing to do is said only where nothing is in the way', () => {
  assert.match(planSentence(plan(one('a', 'skip')), trans), /everything is up to date/);
  assert.equal(planSentence(plan(one('a', 'cannot_run')), trans), 'Nothing would run.');
});

test('given and declared parameters stand beside each other', () => {
  const declared = [
    { name: 'year', value: '2020', type: 'int', help: 'Which year' },
    { name: 'region', value: '"all"', type: '', help: '' }
  ];
  assert.deepEqual(parameterRows({ year: 2021, extra: 'x' }, declared), [
    { name: 'year', given: '2021', own: 'int = 2020', help: 'Which year' },
    { name: 'region', given: null, own: '"all"', help: '' },
    { name: 'extra', given: '"x"', own: null, help: '' }
  ]);
});
