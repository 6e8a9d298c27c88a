/**
 * The documents that the server sends, by the names that the front end has for them: the contract's, which contract.ts
 * is made from (`jlpm contract`). Below stand those that no route answers.
 */

import type * as Contract from './contract';

export type JobState = Contract.Job['state'];
export type Level = Contract.Output['level'];
export type Verdict = Contract.Planned['verdict'];
/** What is true of an action's outputs now. */
export type Now = Contract.ActionStatus['now'];
export type RequestStatus = Contract.Request['status'];
export type Change = Contract.FileChange['change'];

export type IProjectName = Contract.ProjectName;
export type ISynthetic = Contract.Synthetic;
export type IExecutor = Contract.Executor;
export type IProject = Contract.Project;
export type IPattern = Contract.Pattern;
export type IAction = Contract.Action;
export type IGraph = Contract.Graph;
export type IPipeline = Contract.Pipeline;
export type INotebookCell = Contract.NotebookCell;
export type INotebook = Contract.Notebook;
export type IJob = Contract.Job;
export type IEvent = Contract.Event;
export type IJobPage = Contract.JobPage;
export type IPlanned = Contract.Planned;
export type IDeclared = Contract.Declared;
export type IPlannedAction = Contract.PlannedAction;
export type IPlanCode = Contract.PlanCode;
export type IPlan = Contract.Plan;
export type IActionStatus = Contract.ActionStatus;
export type IStatus = Contract.Status;
export type IRequest = Contract.Request;
export type IRequestPage = Contract.RequestPage;
export type IOutput = Contract.Output;
export type IFileChange = Contract.FileChange;
export type ICodeDifferences = Contract.CodeDifferences;
export type ISide = Contract.Side;
export type IRow = Contract.Row;
export type ICell = Contract.Cell;
export type IFileDifferences = Contract.FileDifferences;
export type IOutputPair = Contract.OutputPair;
export type IOutputPairs = Contract.OutputPairs;
export type IProjectProblem = Contract.ProjectProblem;
export type IChecked = Contract.Checked;
export type IView = Contract.View;
export type IVersion = Contract.Version;
export type IRuntime = Contract.Runtime;
export type ILine = Contract.Line;
export type IAdded = Contract.Added;

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

/** An action that is to be written into project.yaml. */
export interface INewAction {
  name: string;
  run: string;
  needs: string[];
  /** By level the outputs, each name with its path. */
  outputs: Partial<Record<Level, Record<string, string>>>;
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
