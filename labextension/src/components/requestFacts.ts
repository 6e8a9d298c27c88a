/** What the page of a job request says, as data: for the document and for the page that is saved. Pure. */

import { TranslationBundle } from '@jupyterlab/translation';
import { duration } from '../format';
import { ICodeDifferences, IJob, IRequest, IRequestPage, JobState } from '../types';
import { statusLook } from './looks';

const SYNTHETIC = 'expectations';
/** Milliseconds without news after which an unfinished request is said to be silent, as on the platform's page. */
const SILENT = 30 * 60 * 1000;

export interface IFact {
  name: string;
  value: string;
  /** Where the value is a time: the time. */
  moment?: string;
  /** Where the value is a list: the list. */
  list?: readonly string[];
  /** Stands below the value. */
  more?: string;
  code?: boolean;
}

export interface IShare {
  state: JobState;
  words: string;
  count: number;
  /** In whole percent. */
  percent: number;
}

export function isFinal(state: JobState): boolean {
  return state === 'succeeded' || state === 'failed';
}

/** Whether there is a page of what a job's notebook has become, be it that it failed in the middle. */
export function hasReport(job: Pick<IJob, 'state' | 'notebook'>): boolean {
  return isFinal(job.state) && (job.notebook?.cells.length ?? 0) > 0;
}

/** Hours, minutes and seconds, as the platform's pages show them. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

export function title(request: IRequest, trans: TranslationBundle): string {
  return trans.__('Job request: %1', request.number);
}

export function nameFacts(request: IRequest, trans: TranslationBundle): IFact[] {
  return [
    { name: trans.__('Organisation'), value: request.organisation ?? trans.__('not set') },
    { name: trans.__('Workspace'), value: request.workspace },
    { name: trans.__('ID'), value: request.id, code: true }
  ];
}

export function introduction(request: IRequest, trans: TranslationBundle): string {
  const where =
    request.backend === SYNTHETIC
      ? trans.__('synthetic data')
      : trans.__('the data of the %1 backend', request.backend);
  return trans.__(
    'This is the technical record of what happened when %1 asked for one or more actions to be run on %2. ' +
      'The jobs, read together with the pipeline below, tell at which level each output was written.',
    request.requested_by,
    where
  );
}

/** What stands out: that it was cancelled, or that nothing has been heard for long. */
export function warnings(request: IRequest, now: number, trans: TranslationBundle): string[] {
  const found: string[] = [];
  const unfinished = request.jobs.filter(job => !isFinal(job.state));
  if (request.cancelled && unfinished.length > 0) {
    found.push(
      trans.__('It is being cancelled: somebody has asked for that, and not all jobs have ended.')
    );
  }
  const newest = Math.max(...request.jobs.map(job => Date.parse(job.updated_at)));
  if (unfinished.length > 0 && now - newest > SILENT) {
    found.push(
      trans.__('Nothing has been heard of its jobs for %1.', duration((now - newest) / 1000))
    );
  }
  return found;
}

export function shares(jobs: readonly IJob[], trans: TranslationBundle): IShare[] {
  const states: JobState[] = ['succeeded', 'failed', 'running', 'pending'];
  return states.map(state => {
    const count = jobs.filter(job => job.state === state).length;
    const percent = jobs.length ? Math.round((100 * count) / jobs.length) : 0;
    return { state, words: statusLook(state, trans).words, count, percent };
  });
}

export function complete(jobs: readonly IJob[], trans: TranslationBundle): string {
  const done = jobs.filter(job => isFinal(job.state)).length;
  return trans.__('%1 of %2 complete', done, jobs.length);
}

/** What there is to say of a job beyond its state. */
export function said(job: IJob): { code: string | null; message: string } | null {
  if (job.state !== 'succeeded') {
    return { code: job.code, message: job.message };
  }
  return job.message === 'Succeeded.' ? null : { code: null, message: job.message };
}

export function timeline(request: IRequestPage, trans: TranslationBundle): IFact[] {
  const none = request.jobs.length > 0 ? trans.__('not yet') : '–';
  const at = (name: string, moment: string | null): IFact =>
    moment ? { name, value: '', moment } : { name, value: none };
  const wall = request.finished_at && request.wall_clock !== null ? clock(request.wall_clock) : '–';
  return [
    at(trans.__('Created'), request.created_at),
    at(trans.__('Started'), request.started_at),
    at(trans.__('Finished'), request.finished_at),
    {
      name: trans.__('Runtime'),
      value: trans.__('%1 (the jobs’ times added up)', clock(request.runtime))
    },
    {
      name: trans.__('Wall clock'),
      value: wall === '–' ? wall : trans.__('%1 (from the first start to the last end)', wall)
    },
    ...criticalPath(request, trans)
  ];
}

/** The jobs that nobody could have had sooner: empty where that is not known. */
function criticalPath({ critical_path }: IRequestPage, trans: TranslationBundle): IFact[] {
  if (!critical_path?.actions.length) {
    return [];
  }
  const { actions, seconds } = critical_path;
  return [
    {
      name: trans.__('Critical path'),
      value: trans.__('%1 (the longest chain of jobs that waited for each other)', clock(seconds)),
      more: actions.join(' → ')
    }
  ];
}

export function timelineNote(request: IRequest, trans: TranslationBundle): string {
  return trans.__('Times are in UTC, as the %1 backend records them.', request.backend);
}

export function details(request: IRequest, trans: TranslationBundle): IFact[] {
  return [
    { name: trans.__('Backend'), value: request.backend },
    { name: trans.__('Workspace'), value: request.workspace },
    { name: trans.__('Requested by'), value: request.requested_by },
    { name: trans.__('Branch'), value: request.branch ?? trans.__('none') },
    {
      name: trans.__('Force run dependencies'),
      value: request.force ? trans.__('Yes') : trans.__('No')
    },
    { name: trans.__('Git commit hash'), value: commit(request, trans), code: !!request.commit },
    {
      name: trans.__('Requested actions'),
      value: request.requested_actions.join(', '),
      list: request.requested_actions
    }
  ];
}

/** That the code had more than its commit; null where it had not. */
export function dirtiness(request: IRequest, trans: TranslationBundle): string | null {
  return request.dirty
    ? trans.__(
        'It was run with changes that were not committed; the snapshot of the code has them.'
      )
    : null;
}

/** The request that another is compared with, such as `Job request 4381`. */
export function comparedWith(found: ICodeDifferences, trans: TranslationBundle): string {
  return trans.__('Compared with job request %1.', found.number ?? found.with ?? '');
}

function commit(request: IRequest, trans: TranslationBundle): string {
  return request.commit
    ? request.commit.slice(0, 7)
    : trans.__('none: the project is not in a git repository');
}
