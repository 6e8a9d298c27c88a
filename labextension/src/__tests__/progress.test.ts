import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clock } from '../format';
import { IPicture } from '../model';
import { elapsedOf, progressOfAll } from '../progress';
import { IJob, IRequest } from '../types';
import { job } from './words';

function picture(jobs: IJob[], usual: Record<string, number | null>): IPicture {
  const needs: Record<string, string[]> = { a: [], b: ['a'], c: ['a'], d: ['b', 'c'] };
  return {
    requests: [{ jobs, started_at: '2026-11-22T05:00:00Z' } as IRequest],
    pipeline: { actions: Object.entries(needs).map(([name, needs]) => ({ name, needs })) },
    status: {
      actions: Object.entries(usual).map(([action, expected]) => ({ action, expected }))
    }
  } as unknown as IPicture;
}

const running = (action: string) => job({ action, state: 'running' });

test('where nothing runs there is no progress', () => {
  assert.equal(progressOfAll(picture([job()], {})), null);
  assert.equal(progressOfAll(picture([], {})), null);
});

test('jobs are counted, and the longest chain is what it takes', () => {
  const jobs = [job({ action: 'a' }), running('b'), running('c'), running('d')];
  const found = progressOfAll(picture(jobs, { a: 1, b: 10, c: 20, d: 5 }))!;
  assert.deepEqual([found.done, found.jobs, found.expected], [1, 4, 26]);
  assert.equal(found.since, '2026-11-22T05:00:00Z');
});

test('needs that are not run now cost nothing', () => {
  assert.equal(progressOfAll(picture([running('d')], { a: 1, b: 10, c: 20, d: 5 }))!.expected, 5);
});

test('what has never run cannot be expected', () => {
  assert.equal(
    progressOfAll(picture([running('a'), running('b')], { a: 1, b: null }))!.expected,
    null
  );
});

test('the cells of notebooks that run are counted', () => {
  const notebook = { total: 4, done: 1, cells: [{ state: 'done' }, { state: 'started' }] };
  const one = { ...running('a'), notebook } as unknown as IJob;
  const found = progressOfAll(picture([one], { a: 1 }))!;
  assert.deepEqual([found.cellsDone, found.cells], [1, 4]);
});

test('time passes only while a job runs', () => {
  const began = { started_at: '2026-11-22T05:00:00Z' };
  const now = Date.parse('2026-11-22T05:00:42Z');
  assert.equal(elapsedOf(job({ ...began, state: 'running' }), now), 42);
  assert.equal(elapsedOf(job(began), now), null);
  assert.equal(elapsedOf(null, now), null);
});

test('a clock has hours only where there are some', () => {
  assert.equal(clock(42), '0:42');
  assert.equal(clock(70), '1:10');
  assert.equal(clock(3723), '1:02:03');
});
