import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionRows, between, ISort, sortedBy, staleOnes } from '../components/actionRows';
import { IAction, IActionStatus } from '../types';
import { job } from './words';

const AS_WRITTEN: ISort = { key: null, descending: false };
const action = (name: string, runtime: string) => ({ name, runtime }) as IAction;
const actions = [
  action('plot', 'r:latest'),
  action('make', 'python:v2'),
  action('join', 'python:v2')
];
const status = (name: string, now: string, more = {}) =>
  ({ action: name, now, reason: '', job: null, ...more }) as IActionStatus;
const statuses = new Map(
  [
    status('plot', 'up_to_date', { job: job({ started_at: '2026-11-22T05:00:00Z' }) }),
    status('make', 'stale', { reason: 'Its code has changed.' }),
    status('join', 'up_to_date', {
      job: job({ state: 'failed', started_at: '2026-11-22T06:00:00Z' })
    })
  ].map(one => [one.action, one])
);
const names = (filter: string, sort = AS_WRITTEN) =>
  actionRows(actions, statuses, filter, sort).map(row => row.action.name);

test('a text is looked for in name, runtime, state and reason', () => {
  assert.deepEqual(names(''), ['plot', 'make', 'join']);
  assert.deepEqual(names('PYTHON'), ['make', 'join']);
  assert.deepEqual(names('up to date'), ['plot']);
  assert.deepEqual(names('has changed'), ['make']);
  assert.deepEqual(names('nowhere'), []);
});

test('rows are sorted by name, by how bad their state is, and by their last run', () => {
  assert.deepEqual(names('', { key: 'action', descending: false }), ['join', 'make', 'plot']);
  assert.deepEqual(names('', { key: 'state', descending: false }), ['join', 'make', 'plot']);
  assert.deepEqual(names('', { key: 'last', descending: false }), ['join', 'plot', 'make']);
  assert.deepEqual(names('', { key: 'last', descending: true }), ['make', 'plot', 'join']);
});

test('a third click gives the order of project.yaml back', () => {
  const once = sortedBy(AS_WRITTEN, 'state');
  const twice = sortedBy(once, 'state');
  assert.deepEqual([once.descending, twice.descending], [false, true]);
  assert.deepEqual(sortedBy(twice, 'state'), AS_WRITTEN);
  assert.deepEqual(sortedBy(twice, 'action'), { key: 'action', descending: false });
});

test('a range goes from one row to another, whichever is first', () => {
  assert.deepEqual(between(['a', 'b', 'c', 'd'], 'c', 'b'), ['b', 'c']);
  assert.deepEqual(between(['a', 'b'], 'gone', 'b'), ['b']);
});

test('what is stale or was never run is run together', () => {
  const all = [status('a', 'stale'), status('b', 'to_run'), status('c', 'up_to_date')];
  assert.deepEqual(staleOnes(all), ['a', 'b']);
});
