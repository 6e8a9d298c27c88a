/** The routes of the server extension, each as a function. Nothing is kept here. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import {
  IAdded,
  IChecked,
  ICodeDifferences,
  IEvent,
  IFileDifferences,
  IJob,
  IJobPage,
  ILogPart,
  INewAction,
  IOutput,
  IOutputPairs,
  IPipeline,
  IPlan,
  IProjectProblem,
  IProject,
  IProjectName,
  IRequest,
  IRequestPage,
  IRuntime,
  ISchema,
  IStatus,
  ISynthetic,
  IVersion,
  IView
} from './types';

/** The version of the routes that this front end speaks. */
export const API = 1;
const PREFIX = 'jupyter_pipeline/v1';

/** What went wrong, and how to mend it, in the server's words. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly remedy: string,
    readonly problems: IProjectProblem[] = []
  ) {
    super(`${detail} ${remedy}`.trim());
    this.name = 'Problem';
  }
}

type Query = Record<string, string | number | boolean | string[] | undefined | null>;

/** Asks one server about its projects. */
export class Api {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  version(): Promise<IVersion> {
    return this.get('version');
  }

  /** The JSON Schema of project.yaml. */
  schema(): Promise<ISchema> {
    return this.get('project.schema.json');
  }

  /** All projects, or the one that a path belongs to. */
  async projects(path?: string): Promise<IProjectName[]> {
    return (await this.get<{ projects: IProjectName[] }>('projects', { path })).projects;
  }

  /** One project on one backend. */
  project(id: string, backend: string): ProjectApi {
    return new ProjectApi(this, id, backend);
  }

  /** The address of a route, for frames and links. */
  url(route: string, query: Query = {}): string {
    return URLExt.join(this.settings.baseUrl, PREFIX, route) + encoded(query);
  }

  async get<T>(route: string, query: Query = {}): Promise<T> {
    return (await this.fetch('GET', route, query)).json();
  }

  async send<T>(
    method: 'POST' | 'PUT',
    route: string,
    query: Query,
    body: unknown,
    headers: Record<string, string> = {}
  ): Promise<T> {
    const init = {
      body: JSON.stringify(body ?? {}),
      headers: { 'Content-Type': 'application/json', ...headers }
    };
    return (await this.fetch(method, route, query, init)).json();
  }

  /** An answer that is a success. Throws a Problem for any other. */
  async fetch(
    method: string,
    route: string,
    query: Query,
    init: RequestInit = {}
  ): Promise<Response> {
    const url = this.url(route, query);
    const response = await ServerConnection.makeRequest(url, { method, ...init }, this.settings);
    if (response.ok) {
      return response;
    }
    throw await problemOf(response);
  }
}

/** Asks about one project on one backend. */
export class ProjectApi {
  constructor(
    private readonly api: Api,
    readonly id: string,
    readonly backend: string
  ) {}

  get(): Promise<IProject> {
    return this.api.get(this.route(''), this.query());
  }

  pipeline(): Promise<IPipeline> {
    return this.api.get(this.route('pipeline'), this.query());
  }

  problems(): Promise<IChecked> {
    return this.api.get(this.route('problems'), this.query());
  }

  status(): Promise<IStatus> {
    return this.api.get(this.route('status'), this.query());
  }

  plan(actions: string[], force: boolean, revision?: string): Promise<IPlan> {
    return this.api.get(this.route('plan'), this.query({ actions, force, revision }));
  }

  async requests(
    before?: number,
    limit = 20
  ): Promise<{ requests: IRequest[]; next: number | null }> {
    return this.api.get(this.route('requests'), this.query({ before, limit }));
  }

  /** Ask for actions to be run; asked twice under one key, it is asked once. */
  submit(
    actions: string[],
    force: boolean,
    revision: string | null,
    key: string
  ): Promise<IRequest> {
    const headers = { 'Idempotency-Key': key };
    return this.api.send(
      'POST',
      this.route('requests'),
      this.query(),
      { actions, force, revision },
      headers
    );
  }

  request(id: string): Promise<IRequestPage> {
    return this.api.get(this.route(`requests/${id}`), this.query());
  }

  /** The files that differ from an earlier request: by identifier, `previous` or `previous_successful`. */
  differences(id: string, other: string): Promise<ICodeDifferences> {
    return this.api.get(this.route(`requests/${id}/differences`), this.query({ with: other }));
  }

  /** How one file differs from that of an earlier request. */
  difference(id: string, other: string, path: string): Promise<IFileDifferences> {
    const query = this.query({ with: other, path });
    return this.api.get(this.route(`requests/${id}/differences`), query);
  }

  /** The outputs of a request beside those of an earlier one. */
  async outputPairs(id: string, other: string): Promise<IOutputPairs> {
    return this.api.get(this.route(`requests/${id}/outputs`), this.query({ with: other }));
  }

  cancelRequest(id: string): Promise<{ cancelled: number }> {
    return this.api.send('POST', this.route(`requests/${id}/cancel`), this.query(), null);
  }

  cancelJob(id: string): Promise<{ cancelled: number }> {
    return this.api.send('POST', this.route(`jobs/${id}/cancel`), this.query(), null);
  }

  async jobs(action?: string, limit = 50): Promise<IJob[]> {
    const route = this.route('jobs');
    return (await this.api.get<{ jobs: IJob[] }>(route, this.query({ action, limit }))).jobs;
  }

  job(id: string): Promise<IJobPage> {
    return this.api.get(this.route(`jobs/${id}`), this.query());
  }

  /** A part of a log from an offset on, or its end; waits up to so many seconds for something new. */
  async log(id: string, start?: number, wait = 0, signal?: AbortSignal): Promise<ILogPart> {
    const query = this.query({ start, wait, limit: 262144 });
    const response = await this.api.fetch('GET', this.route(`jobs/${id}/log`), query, { signal });
    const offset = (name: string) => Number(response.headers.get(`Log-${name}`));
    return {
      text: await response.text(),
      start: offset('Start'),
      after: offset('After'),
      size: offset('Size'),
      earliest: offset('Earliest'),
      ended: response.headers.get('Log-Ended') === 'true'
    };
  }

  async outputs(job?: string): Promise<IOutput[]> {
    const route = this.route('outputs');
    return (await this.api.get<{ outputs: IOutput[] }>(route, this.query({ job }))).outputs;
  }

  output(id: string): Promise<IOutput> {
    return this.api.get(this.route(`outputs/${id}`), this.query());
  }

  /** Leave to run the scripts of an HTML output once; it is recorded. */
  async allowScripts(output: string): Promise<string> {
    const route = this.route(`outputs/${output}/scripts`);
    return (await this.api.send<{ ticket: string }>('POST', route, this.query(), null)).ticket;
  }

  showSynthetic(shown: boolean): Promise<ISynthetic> {
    return this.api.send('PUT', this.route('synthetic'), this.query(), { shown });
  }

  async views(limit = 100): Promise<IView[]> {
    return (await this.api.get<{ views: IView[] }>(this.route('views'), this.query({ limit })))
      .views;
  }

  /** What `check` says of a text, such as one that is not saved. */
  check(text: string): Promise<IChecked> {
    return this.api.send('POST', this.route('check'), this.query(), { text });
  }

  async runtimes(): Promise<IRuntime[]> {
    return (await this.api.get<{ runtimes: IRuntime[] }>(this.route('runtimes'), this.query()))
      .runtimes;
  }

  /** Write one more action into project.yaml, or only say which lines that would be. */
  addAction(action: INewAction, seen: string | null, write: boolean): Promise<IAdded> {
    return this.api.send('POST', this.route('actions'), this.query(), { ...action, seen, write });
  }

  /** Make the HTML report of a notebook file, beside it; its path, relative to the project like that of the notebook. */
  async convert(path: string): Promise<string> {
    const made = await this.api.send<{ path: string }>(
      'POST',
      this.route('reports'),
      this.query(),
      {
        path
      }
    );
    return made.path;
  }

  events(after: number, wait: number): Promise<{ events: IEvent[]; revision: number }> {
    return this.api.get(this.route('events'), this.query({ after, wait }));
  }

  /** The address of a page of an output. */
  viewUrl(output: string, ticket?: string): string {
    return this.api.url(this.route(`outputs/${output}/view`), this.query({ ticket }));
  }

  /** The address of a page that shows an output beside an earlier one. */
  comparisonUrl(output: string, earlier: string): string {
    return this.api.url(this.route(`outputs/${output}/comparison`), this.query({ with: earlier }));
  }

  /** The address of the report of a job's notebook. */
  reportUrl(job: string): string {
    return this.api.url(this.route(`jobs/${job}/report`), this.query());
  }

  contentUrl(output: string): string {
    return this.api.url(this.route(`outputs/${output}/content`), this.query());
  }

  private route(below: string): string {
    return below ? `projects/${this.id}/${below}` : `projects/${this.id}`;
  }

  private query(more: Query = {}): Query {
    return { backend: this.backend, ...more };
  }
}

function encoded(query: Query): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        parts.append(name, String(one));
      }
    }
  }
  const text = parts.toString();
  return text ? `?${text}` : '';
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const found = JSON.parse(text);
    return new Problem(
      response.status,
      found.detail ?? found.message ?? response.statusText,
      found.remedy ?? '',
      found.problems ?? []
    );
  } catch {
    return new Problem(response.status, response.statusText || `Status ${response.status}`, '');
  }
}
