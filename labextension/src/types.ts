/** The documents that the server sends (jupyter_pipeline/api/openapi.yaml describes them). */

export type JobState = 'pending' | 'running' | 'succeeded' | 'failed';
export type Level = 'highly_sensitive' | 'moderately_sensitive' | 'minimally_sensitive';
export type Verdict = 'run' | 'stale' | 'skip' | 'cannot_run';
/** What is true of an action's outputs now. */
export type Now = 'up_to_date' | 'stale' | 'to_run' | 'cannot_run' | 'pending' | 'running';
export type RequestStatus = 'pending' | 'running' | 'failed' | 'succeeded' | 'nothing_to_do';

export interface IProjectName {
  id: string;
  /** Relative to the server's folder. */
  path: string;
  workspace: string;
}

export interface ISynthetic {
  /** Whether the data of this backend are synthetic. */
  allowed: boolean;
  shown: boolean;
}

export interface IExecutor {
  asked: string;
  name: string | null;
  missing_isolation: string[];
  message: string;
}

export interface IProject extends IProjectName {
  organisation: string | null;
  backend: string;
  backends: string[];
  revision: number;
  engine: { running: boolean };
  executor: IExecutor;
  synthetic: ISynthetic;
}

export interface IOutputPattern {
  level: Level;
  name: string;
  pattern: string;
}

export interface IAction {
  name: string;
  line: number | null;
  run: string;
  runtime: string;
  needs: string[];
  outputs: IOutputPattern[];
  config: string | null;
  notebook: boolean;
}

export interface IGraph {
  width: number;
  height: number;
  nodes: { name: string; x: number; y: number; width: number; height: number; layer: number }[];
  edges: { source: string; target: string; points: [number, number][] }[];
}

export interface IPipeline {
  version: number;
  population_size: number | null;
  actions: IAction[];
  graph: IGraph;
}

export interface ICell {
  number: number;
  state: string;
  elapsed: number | null;
  line: string;
}

export interface INotebook {
  path: string | null;
  tool: string | null;
  /** Why the line runs word for word, where it does. */
  note: string;
  parameters: Record<string, unknown>;
  level: Level;
  total: number | null;
  cells: ICell[];
}

export interface IJob {
  id: string;
  request: string;
  action: string;
  state: JobState;
  code: string;
  message: string;
  /** Why it ran. */
  reason: string;
  run_command: string;
  runtime: string;
  executor: string;
  exit_code: number | null;
  created_at: string;
  updated_at: string;
  started_at: string | null;
  completed_at: string | null;
  elapsed: number | null;
  cpu_time: number | null;
  peak_memory: number | null;
  cancelled: boolean;
  revision: number;
  notebook: INotebook | null;
}

export interface IEvent {
  revision: number;
  at: string;
  kind: 'request' | 'job';
  request: string;
  job: string | null;
  action: string | null;
  state: string;
  code: string;
  message: string;
}

export interface IJobPage extends IJob {
  timeline: IEvent[];
}

export interface IPlanned {
  action: string;
  verdict: Verdict;
  reason: string;
  waits_for: string | null;
}

/** A parameter that the cell of a notebook marked so declares. */
export interface IDeclared {
  name: string;
  value: string;
  type: string;
  help: string;
}

/** An action of a plan that is about to be asked for; what an older server does not tell is left out. */
export interface IPlannedAction extends IPlanned {
  runtime?: string;
  /** Seconds that it takes as a rule. */
  expected?: number | null;
  run_command?: string;
  /** Its line in project.yaml. */
  line?: number | null;
  notebook?: {
    path: string | null;
    tool: string | null;
    parameters: Record<string, unknown>;
    declared: IDeclared[];
  } | null;
}

/** The code that a plan is about. */
export interface ICode {
  branch: string | null;
  commit: string | null;
  dirty: boolean;
  /** Some of the paths that differ from the commit. */
  changed: string[];
  changed_count: number;
}

export interface IPlan {
  backend: string;
  requested: string[];
  force: boolean;
  code?: ICode;
  actions: IPlannedAction[];
  counts: Record<Verdict, number>;
  runtimes_to_build: { name: string; message: string }[];
  /** What stands in for a runtime that cannot be had here, and is built already. */
  stand_ins: { name: string; resolved: string; message: string }[];
}

export interface IActionStatus {
  action: string;
  now: Now;
  reason: string;
  job: IJob | null;
  /** Seconds that it takes as a rule. */
  expected?: number | null;
}

export interface IStatus {
  actions: IActionStatus[];
  /** Identifiers of unfinished requests. */
  unfinished: string[];
  revision: number;
}

export interface IRequest {
  number: number;
  id: string;
  status: RequestStatus;
  cancelled: boolean;
  organisation: string | null;
  workspace: string;
  backend: string;
  requested_by: string;
  requested_actions: string[];
  force: boolean;
  branch: string | null;
  commit: string | null;
  dirty: boolean;
  code: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  /** Seconds that its jobs ran, added up. */
  runtime: number;
  jobs: IJob[];
  plan: IPlanned[];
}

export interface IRequestPage extends IRequest {
  project_yaml: string;
  /** Seconds from the first start to the last end. */
  wall_clock: number | null;
  /** The longest chain of jobs that waited for each other, and its seconds. */
  critical_path?: { actions: string[]; seconds: number } | null;
}

export interface IOutput {
  id: string;
  path: string;
  action: string;
  job: string;
  request: string;
  level: Level;
  size: number;
  rows: number | null;
  columns: number | null;
  sha256: string;
  viewable: boolean;
  /** Why it may or may not be viewed. */
  reason: string;
  withheld: string | null;
  present: boolean;
  stand_in: string | null;
}

export type Change = 'added' | 'changed' | 'removed';

/** A file that differs between two requests. */
export interface IFileChange {
  path: string;
  change: Change;
  /** text, notebook, binary, large, or another word of the server's. */
  kind: string;
  added: number | null;
  removed: number | null;
}

/** The files that differ between a request and an earlier one. */
export interface IDifferences {
  request: string;
  with: string | null;
  number: number | null;
  /** Why there is nothing to compare with. */
  reason: string;
  files: IFileChange[];
}

export interface ISide {
  line: number;
  text: string;
  /** Ranges of characters that differ from the other side. */
  marks: [number, number][];
}

export interface IRow {
  kind: 'same' | 'changed' | 'added' | 'removed' | 'gap';
  left: ISide | null;
  right: ISide | null;
  /** Of a gap: how many lines are left out. */
  count: number;
}

export interface ICellChange {
  kind: 'same' | 'changed' | 'added' | 'removed';
  cell_type: 'code' | 'markdown' | 'raw';
  left: number | null;
  right: number | null;
  rows: IRow[];
  outputs_changed: boolean;
}

/** How one file differs: by line, or by cell. */
export interface IFileDifference {
  path: string;
  change: Change;
  kind: string;
  reason: string;
  rows: IRow[] | null;
  cells: ICellChange[] | null;
}

/** The same output of two requests. */
export interface IOutputPair {
  path: string;
  action: string;
  level: Level;
  /** Of the earlier request. */
  left: IOutput | null;
  right: IOutput | null;
  same: boolean | null;
  comparable: boolean;
  /** Why they cannot be compared. */
  reason: string;
}

export interface IOutputPairs {
  request: string;
  with: string;
  outputs: IOutputPair[];
}

export interface IProblem {
  file: string;
  line: number | null;
  column: number | null;
  severity: 'error' | 'warning' | 'hint';
  what: string;
  remedy: string;
  rule: string;
  history: string;
  action: string | null;
  key: string | null;
}

export interface IChecked {
  file: string;
  rules: string;
  valid: boolean;
  errors: number;
  warnings: number;
  hints: number;
  problems: IProblem[];
}

export interface IView {
  number: number;
  at: string;
  who: string;
  kind: string;
  job: string | null;
  path: string | null;
  detail: string;
}

export interface IVersion {
  version: string;
  api: number;
  mode: 'local' | 'service';
  protected: boolean;
  guarded: boolean;
}

/** A part of a log, by offsets in bytes. */
export interface ILogPart {
  text: string;
  start: number;
  after: number;
  size: number;
  /** The first byte that may be seen. */
  earliest: number;
  ended: boolean;
}

/** What Jupyter's event stream carries: job J of request R is now S, revision N. */
export interface IBell {
  project: string;
  backend: string;
  revision: number;
  request: string;
  job: string | null;
  state: string;
  code: string;
}

/** A runtime that the project knows. */
export interface IRuntime {
  name: string;
  aliases: string[];
  state: string;
  message: string;
  /** Whether an action uses it. */
  used: boolean;
}

/** An action that is to be written into project.yaml. */
export interface INewAction {
  name: string;
  run: string;
  needs: string[];
  /** By level the outputs, each name with its path. */
  outputs: Partial<Record<Level, Record<string, string>>>;
}

export interface INumberedLine {
  line: number;
  text: string;
}

/** The lines of a new action, and some that stand above them. */
export interface IAdded {
  text_before_lines: INumberedLine[];
  added: INumberedLine[];
  problems: IProblem[];
  written: boolean;
  /** The SHA-256 of the file as it is now. */
  seen: string;
}

/** A part of the JSON Schema of project.yaml, as far as it is used here. */
export interface ISchema {
  description?: string;
  properties?: Record<string, ISchema>;
  additionalProperties?: ISchema | boolean;
  definitions?: Record<string, ISchema>;
  examples?: unknown[];
  $ref?: string;
}
