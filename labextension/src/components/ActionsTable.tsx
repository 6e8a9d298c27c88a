/** The actions as a table: the equal twin of the graph. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { NodeState } from '../dag';
import { duration, local, utc } from '../format';
import { byAction, levelsOf, progressOf, stateOf, words } from '../looks';
import { IPicture } from '../model';
import { IAction, IActionStatus } from '../types';

const SYMBOLS: Record<NodeState, string> = {
  none: '·',
  up_to_date: '✓',
  stale: '↻',
  to_run: '○',
  cannot_run: '⊘',
  pending: '…',
  running: '▶',
  succeeded: '✓',
  failed: '✗',
  cancelled: '◼'
};

export interface IActionsTableProps {
  picture: IPicture;
  selected: ReadonlySet<string>;
  filter: string;
  trans: TranslationBundle;
  onSelect(names: Set<string>): void;
  onOpenJob(job: string): void;
}

export function ActionsTable(props: IActionsTableProps): JSX.Element {
  const { picture, filter, trans } = props;
  const statuses = byAction(picture);
  const wanted = filter.trim().toLowerCase();
  const actions = (picture.pipeline?.actions ?? []).filter(action =>
    [action.name, action.runtime, stateOf(statuses.get(action.name))].some(text =>
      text.toLowerCase().includes(wanted)
    )
  );
  return (
    <table className="jp-pipeline-actions">
      <caption className="jp-pipeline-unseen">{trans.__('Actions of the pipeline')}</caption>
      <thead>
        <tr>
          <th scope="col">
            <SelectAll {...props} names={actions.map(action => action.name)} />
          </th>
          <th scope="col">{trans.__('Action')}</th>
          <th scope="col">{trans.__('State')}</th>
          <th scope="col">{trans.__('Last run')}</th>
        </tr>
      </thead>
      <tbody>
        {actions.map(action => (
          <ActionRow
            key={action.name}
            {...props}
            action={action}
            status={statuses.get(action.name)}
          />
        ))}
      </tbody>
    </table>
  );
}

function SelectAll(props: IActionsTableProps & { names: string[] }): JSX.Element {
  const { names, selected, trans } = props;
  const all = names.length > 0 && names.every(name => selected.has(name));
  return (
    <input
      type="checkbox"
      checked={all}
      aria-label={trans.__('Select all')}
      onChange={() => props.onSelect(new Set(all ? [] : names))}
    />
  );
}

function ActionRow(
  props: IActionsTableProps & { action: IAction; status: IActionStatus | undefined }
): JSX.Element {
  const { action, status, selected, trans } = props;
  const isSelected = selected.has(action.name);
  const toggle = () => {
    const names = new Set(selected);
    if (!names.delete(action.name)) {
      names.add(action.name);
    }
    props.onSelect(names);
  };
  return (
    <tr aria-selected={isSelected} className={isSelected ? 'jp-mod-selected' : undefined}>
      <td>
        <input
          type="checkbox"
          checked={isSelected}
          aria-label={trans.__('Select %1', action.name)}
          onChange={toggle}
        />
      </td>
      <th scope="row" title={action.run}>
        <div className="jp-pipeline-name">{action.name}</div>
        <div className="jp-pipeline-sub">
          {action.runtime}
          <Levels action={action} trans={trans} />
          {action.notebook && <span title={trans.__('Runs a notebook')}> ▤</span>}
        </div>
      </th>
      <StateCell status={status} trans={trans} />
      <LastRun status={status} trans={trans} onOpenJob={props.onOpenJob} />
    </tr>
  );
}

function Levels(props: { action: IAction; trans: TranslationBundle }): JSX.Element {
  const { highly, moderately } = levelsOf(props.action);
  return (
    <>
      {highly && (
        <span
          className="jp-pipeline-level jp-mod-highly"
          title={props.trans.__('Makes outputs that only code may read')}
        >
          {props.trans.__('H')}
        </span>
      )}
      {moderately && (
        <span
          className="jp-pipeline-level jp-mod-moderately"
          title={props.trans.__('Makes outputs that may be viewed, if they pass the checks')}
        >
          {props.trans.__('M')}
        </span>
      )}
    </>
  );
}

function StateCell(props: {
  status: IActionStatus | undefined;
  trans: TranslationBundle;
}): JSX.Element {
  const { status, trans } = props;
  const state = stateOf(status);
  const progress = progressOf(status);
  const cells = status?.job?.notebook;
  return (
    <td className={`jp-pipeline-state jp-mod-${state}`} title={status?.reason}>
      <span aria-hidden="true">{SYMBOLS[state]} </span>
      {words(state, trans)}
      {progress !== undefined && cells && (
        <progress value={progress} aria-label={trans.__('Cells of the notebook that are done')} />
      )}
      {state !== 'up_to_date' && status && (
        <div className="jp-pipeline-sub">
          {state === 'failed' ? status.job?.message : status.reason}
        </div>
      )}
    </td>
  );
}

function LastRun(props: {
  status: IActionStatus | undefined;
  trans: TranslationBundle;
  onOpenJob(job: string): void;
}): JSX.Element {
  const job = props.status?.job;
  if (!job) {
    return <td>{props.trans.__('Never')}</td>;
  }
  const started = job.started_at ?? job.created_at;
  return (
    <td>
      <button
        type="button"
        className="jp-pipeline-link"
        title={props.trans.__('Show this job. %1', local(started))}
        onClick={() => props.onOpenJob(job.id)}
      >
        {utc(started).slice(5, 16)}
      </button>
      <div className="jp-pipeline-sub">{duration(job.elapsed)}</div>
    </td>
  );
}
