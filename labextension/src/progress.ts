/** How far what was asked for has come, and how long it takes as a rule. Pure. */

import { IPicture } from './model';
import { IJob, IRequest } from './types';

export interface IProgress {
  done: number;
  jobs: number;
  /** Cells of the notebooks that run now. */
  cellsDone: number;
  cells: number;
  /** When the first of the requests began; null while none has. */
  since: string | null;
  /** Seconds from the beginning to the end as a rule; null where some action has never succeeded. */
  expected: number | null;
}

/** The progress of all unfinished requests; null where there are none. */
export function progressOfAll(picture: IPicture): IProgress | null {
  const unfinished = picture.requests.filter(isUnfinished);
  const jobs = unfinished.flatMap(one => one.jobs);
  if (jobs.length === 0) {
    return null;
  }
  const notebooks = jobs.filter(one => one.state === 'running').flatMap(one => one.notebook ?? []);
  const cells = notebooks.filter(one => one.total !== null);
  const starts = unfinished.flatMap(one => one.started_at ?? []).sort();
  return {
    done: jobs.filter(isOver).length,
    jobs: jobs.length,
    cellsDone: cells.reduce((sum, one) => sum + one.done, 0),
    cells: cells.reduce((sum, one) => sum + (one.total ?? 0), 0),
    since: starts[0] ?? null,
    expected: longestChain(picture, jobs)
  };
}

export function isUnfinished(request: Pick<IRequest, 'jobs'>): boolean {
  return request.jobs.some(job => !isOver(job));
}

/** Seconds that a job has run by a moment in milliseconds; null where it does not run. */
export function elapsedOf(job: IJob | null | undefined, now: number): number | null {
  return job?.state === 'running' && job.started_at
    ? Math.max((now - Date.parse(job.started_at)) / 1000, 0)
    : null;
}

/** Seconds that the longest chain of these jobs takes, each waiting for those that its action needs. */
function longestChain(picture: IPicture, jobs: readonly IJob[]): number | null {
  const needs = new Map((picture.pipeline?.actions ?? []).map(one => [one.name, one.needs]));
  const usual = new Map((picture.status?.actions ?? []).map(one => [one.action, one.expected]));
  const ends = new Map<string, number>();
  const waiting = new Set(jobs.map(job => job.action));
  // as many rounds as there are jobs are enough, whatever the order; a round that ends nothing ends it all
  for (let settled = true; settled && waiting.size > 0;) {
    settled = false;
    for (const action of [...waiting]) {
      const before = (needs.get(action) ?? []).filter(one => waiting.has(one) || ends.has(one));
      const takes = usual.get(action);
      if (takes === null || takes === undefined) {
        return null;
      }
      if (before.every(one => ends.has(one))) {
        ends.set(action, takes + Math.max(0, ...before.map(one => ends.get(one)!)));
        waiting.delete(action);
        settled = true;
      }
    }
  }
  return ends.size > 0 ? Math.max(...ends.values()) : null;
}

function isOver(job: IJob): boolean {
  return job.state === 'succeeded' || job.state === 'failed';
}
