/** What the panel and its documents show, kept up to date: one project on one backend at a time. */

import { Event, ServiceManager } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { Api, Problem, ProjectApi } from './api';
import {
  IBell,
  IChecked,
  IJob,
  IOutput,
  IPipeline,
  IProject,
  IProjectName,
  IRequest,
  IStatus,
  JobState
} from './types';

const BELL = 'urn:jupyter_pipeline:job:v1';
/** Milliseconds between an answer and asking again; all bells meanwhile are one. */
const SETTLE = 300;
/** Milliseconds between two looks where no bell is heard, unless the settings say otherwise. */
const LOOK = 10000;
/** Requests that are asked for at first, and how many more each time that somebody wants older ones. */
const LISTED = 20;
const OLDER = 100;
/** The status of an answer about a project.yaml with errors. */
const UNREADABLE = 422;
/** The most that the server gives at once. */
const MOST = 1000;

/** Everything that is known of the project that is shown; a new object at every change. */
export interface IPicture {
  projects: IProjectName[];
  project: IProject | null;
  pipeline: IPipeline | null;
  status: IStatus | null;
  checked: IChecked | null;
  outputs: IOutput[];
  /** The newest ones, newest first. */
  requests: IRequest[];
  /** Whether there are older requests. */
  hasOlder: boolean;
  /** What stands in the way of showing more. */
  problem: Problem | null;
  loading: boolean;
}

const NOTHING: IPicture = {
  projects: [],
  project: null,
  pipeline: null,
  status: null,
  checked: null,
  outputs: [],
  requests: [],
  hasOlder: false,
  problem: null,
  loading: true
};

/** The state that all parts of the front end share. */
export class PipelineModel implements IDisposable {
  constructor(
    readonly api: Api,
    services: ServiceManager.IManager,
    /** Why the server cannot be asked for anything, and what to do; empty where it can. */
    readonly missing = ''
  ) {
    this._services = services;
    if (!missing) {
      services.events.stream.connect(this._onBell, this);
    }
    this._poll = new Poll({
      auto: false,
      factory: () => this.refresh(),
      frequency: { interval: LOOK, backoff: true, max: 5 * 60 * 1000 },
      standby: 'when-hidden',
      name: 'jupyter-pipeline'
    });
    if (!missing) {
      void this._poll.start();
    }
  }

  /** Emitted after every change of the picture. */
  get changed(): ISignal<this, IPicture> {
    return this._changed;
  }

  /** Emitted when a bell has rung for the project that is shown. */
  get rung(): ISignal<this, IBell> {
    return this._rung;
  }

  get picture(): IPicture {
    return this._picture;
  }

  /** Asks about the project that is shown; null while there is none. */
  get project(): ProjectApi | null {
    return this._project;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    clearTimeout(this._settling);
    this._services.events.stream.disconnect(this._onBell, this);
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Show the project that a file or folder belongs to, unless a person has chosen another. */
  async follow(path: string): Promise<void> {
    if (this._pinned || this.missing) {
      return;
    }
    const turn = ++this._turn;
    const [nearest] = await this.api.projects(path).catch(() => []);
    if (turn !== this._turn || this._pinned) {
      return; // A person has gone on, and answers do not always come in the order of the questions.
    }
    if (nearest) {
      await this.open(nearest.id, this._project?.backend ?? 'expectations');
    } else if (!this._project) {
      await this.refresh();
    }
  }

  /** Show a project; `pinned` keeps it whatever file is opened. */
  async open(id: string, backend = 'expectations', pinned = false): Promise<void> {
    this._pinned = pinned || this._pinned;
    if (this._project?.id === id && this._project.backend === backend) {
      return;
    }
    this._project = this.api.project(id, backend);
    this._unreadable = null;
    this._heard = [];
    this._listed = LISTED;
    this._set({ ...NOTHING, projects: this._picture.projects });
    await this.refresh();
  }

  /** Seconds between two looks where no bell is heard. */
  lookEvery(seconds: number): void {
    this._poll.frequency = { ...this._poll.frequency, interval: seconds * 1000 };
  }

  /** Ask for everything anew. */
  async refresh(): Promise<void> {
    const asked = this._project;
    try {
      const projects = await this.api.projects();
      if (!asked) {
        this._set({ ...this._picture, projects, loading: false, problem: null });
        if (projects.length > 0 && !this._project) {
          await this.open(projects[0].id);
        }
        return;
      }
      const checking = asked.problems();
      const drawing = this._drawn(asked, checking);
      void drawing.then(drawn => this._showFirst(asked, drawn)).catch(() => undefined);
      const [project, checked, outputs, requests, drawn] = await Promise.all([
        asked.get(),
        checking,
        asked.outputs(),
        this._requests(asked),
        drawing
      ]);
      if (asked === this._project) {
        const part = { projects, project, checked, outputs, loading: false, problem: null };
        this._show({ ...this._picture, ...part, ...requests, ...drawn });
      }
    } catch (error) {
      if (asked === this._project) {
        this._set({ ...this._picture, loading: false, problem: asProblem(error) });
      }
    }
  }

  /** List older requests too. */
  async showOlder(): Promise<void> {
    this._listed = Math.min(this._listed + OLDER, MOST);
    await this._refreshJobs();
  }

  /** The actions and their states; only what stands in the way where project.yaml cannot be read. */
  private async _drawn(asked: ProjectApi, checking: Promise<IChecked>): Promise<Partial<IPicture>> {
    const known = this._unreadable;
    if (known && same(known.checked, await checking)) {
      return { problem: known.problem };
    }
    this._unreadable = null;
    try {
      const [pipeline, status] = await Promise.all([asked.pipeline(), asked.status()]);
      return { pipeline: unchanged(this._picture.pipeline, pipeline), status };
    } catch (error) {
      const problem = asProblem(error);
      const unreadable = problem.status === UNREADABLE;
      this._unreadable = unreadable ? { checked: await checking, problem } : null;
      return { problem };
    }
  }

  /** Show the actions of a project that was just opened, whatever else is still asked for. */
  private _showFirst(asked: ProjectApi, drawn: Partial<IPicture>): void {
    if (asked === this._project && !this._picture.pipeline && drawn.pipeline) {
      this._show({ ...this._picture, ...drawn, loading: false, problem: null });
    }
  }

  private async _requests(asked: ProjectApi): Promise<Pick<IPicture, 'requests' | 'hasOlder'>> {
    const { requests, next } = await asked.requests(undefined, this._listed);
    return { requests, hasOlder: next !== null };
  }

  /** Ask anew for what jobs change, and for no more: bells ring often. */
  private async _refreshJobs(): Promise<void> {
    const asked = this._project;
    if (!asked) {
      return;
    }
    try {
      const [outputs, requests, status] = await Promise.all([
        asked.outputs(),
        this._requests(asked),
        this._unreadable ? this._picture.status : asked.status()
      ]);
      if (asked === this._project) {
        const problem = this._unreadable?.problem ?? null;
        this._show({ ...this._picture, outputs, ...requests, status, problem });
      }
    } catch (error) {
      if (asked === this._project) {
        this._set({ ...this._picture, problem: asProblem(error) });
      }
    }
  }

  private _onBell(_: Event.IManager | unknown, event: Event.Emission): void {
    if (event.schema_id !== BELL) {
      return;
    }
    const bell = event as unknown as IBell;
    if (bell.project !== this._project?.id || bell.backend !== this._project.backend) {
      return;
    }
    this._heard.push(bell);
    this._set(patched(this._picture, bell));
    this._rung.emit(bell);
    this._refreshSoon();
  }

  /** Ask at once, then once for all bells of a while, also where they never stop ringing; never twice at a time. */
  private _refreshSoon(): void {
    if (this._isRefreshing) {
      this._rangMeanwhile = true;
      return;
    }
    this._isRefreshing = true;
    void this._refreshJobs().finally(() => {
      this._settling = setTimeout(() => {
        this._isRefreshing = false;
        if (this._rangMeanwhile) {
          this._rangMeanwhile = false;
          this._refreshSoon();
        }
      }, SETTLE);
    });
  }

  /** Show an answer, with what has been heard since it was made: bells are quicker than answers. */
  private _show(picture: IPicture): void {
    const revision = picture.status?.revision ?? 0;
    this._heard = this._heard.filter(bell => bell.revision > revision);
    this._set(this._heard.reduce(patched, shared(this._picture, picture)));
  }

  private _set(picture: IPicture): void {
    this._picture = picture;
    this._changed.emit(picture);
  }

  private readonly _services: ServiceManager.IManager;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, IPicture>(this);
  private readonly _rung = new Signal<this, IBell>(this);
  private _picture = NOTHING;
  private _project: ProjectApi | null = null;
  private _pinned = false;
  /** Counts the paths that were followed. */
  private _turn = 0;
  private _settling: ReturnType<typeof setTimeout> | undefined;
  private _isRefreshing = false;
  /** Bells that may be newer than the last answer. */
  private _heard: IBell[] = [];
  private _rangMeanwhile = false;
  private _listed = LISTED;
  /** What was said of a project.yaml that cannot be read; it is not asked about again until it says something else. */
  private _unreadable: { checked: IChecked; problem: Problem } | null = null;
  private _isDisposed = false;
}

/** The picture with the new state of the job that a bell tells of, where that job is known. */
function patched(picture: IPicture, bell: IBell): IPicture {
  const { status } = picture;
  const isIt = (job: IJob | null): boolean => job?.id === bell.job;
  if (!status?.actions.some(one => isIt(one.job))) {
    return picture;
  }
  const state = bell.state as JobState;
  const begun = bell.code === 'executing' ? new Date().toISOString() : null;
  const told = <T extends IJob>(job: T): T =>
    isIt(job) ? { ...job, state, code: bell.code, started_at: job.started_at ?? begun } : job;
  const now = state === 'pending' || state === 'running' ? state : null;
  const actions = status.actions.map(one =>
    one.job && isIt(one.job) ? { ...one, now: now ?? one.now, job: told(one.job) } : one
  );
  const requests = picture.requests.map(one =>
    one.id === bell.request ? { ...one, jobs: one.jobs.map(told) } : one
  );
  return { ...picture, requests, status: { ...status, actions } };
}

/** The new picture with the old states of actions where they are the same: their rows are not drawn again. */
function shared(before: IPicture, now: IPicture): IPicture {
  const known = new Map(before.status?.actions.map(one => [one.action, one]));
  const actions = now.status?.actions.map(one => unchanged(known.get(one.action) ?? null, one));
  return now.status && actions ? { ...now, status: { ...now.status, actions } } : now;
}

/** What was known, where it is the same: the graph is not drawn again for it. */
function unchanged<T>(before: T | null, now: T): T {
  return before !== null && same(before, now) ? before : now;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, String(error), '');
}
