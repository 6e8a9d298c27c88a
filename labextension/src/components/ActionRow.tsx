/** One action in the table. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { NodeState } from '../dag';
import { clock, duration, local, utc } from '../format';
import { levelsOf, progressOf, words } from '../looks';
import { elapsedOf } from '../progress';
import { IAction, IActionStatus, IJob } from '../types';
import { IActionRow } from './actionRows';
import { stateLook } from './looks';
import { Name } from './Name';
import { Link } from './Parts';
import { hasReport } from './requestFacts';
import { Sentence } from './Sentence';
import { Symbol } from './Symbol';

/** States that need no reason. */
const QUIET: ReadonlySet<NodeState> = new Set(['up_to_date', 'pending', 'running']);

export interface IRowProps {
  row: IActionRow;
  isSelected: boolean;
  /** In milliseconds; only where the action runs. */
  now: number;
  trans: TranslationBundle;
  onToggle(name: string, extends_: boolean): void;
  onMenu(row: IActionRow, at: { x: number; y: number }): void;
  onOpenJob(job: string): void;
  onOpenReport(job: IJob): void;
}

/** Drawn again only when something of this row has changed: there may be a thousand. */
export const ActionRow = React.memo(ActionRowNow, (before, now) => {
  const { row, ...rest } = now;
  return (
    row.action === before.row.action &&
    row.status === before.row.status &&
    (Object.keys(rest) as (keyof typeof rest)[]).every(key => before[key] === rest[key])
  );
});

function ActionRowNow(props: IRowProps): JSX.Element {
  const { row, isSelected, trans } = props;
  const { action } = row;
  const shift = React.useRef(false);
  const menuBelow = (node: Element) => {
    const { left, bottom } = node.getBoundingClientRect();
    props.onMenu(row, { x: left, y: bottom });
  };
  return (
    <tr
      data-action={action.name}
      aria-selected={isSelected}
      className={isSelected ? 'jp-mod-selected' : undefined}
      onContextMenu={event => {
        event.preventDefault();
        event.stopPropagation();
        const byKey = event.clientX === 0 && event.clientY === 0;
        byKey
          ? menuBelow(event.currentTarget)
          : props.onMenu(row, { x: event.clientX, y: event.clientY });
      }}
    >
      <td>
        <input
          type="checkbox"
          checked={isSelected}
          aria-label={trans.__('Select %1', action.name)}
          onClick={event => (shift.current = event.shiftKey)}
          onChange={() => props.onToggle(action.name, shift.current)}
        />
      </td>
      <th scope="row" className="jp-mod-action" title={action.run}>
        <div className="jp-pipeline-name">
          <Name name={action.name} />
        </div>
        <div className="jp-pipeline-sub">
          <span>
            <Name name={action.runtime} />
          </span>
          <Levels action={action} trans={trans} />
          {action.notebook && <Notebook {...props} />}
        </div>
      </th>
      <StateCell {...props} />
      <td className="jp-mod-last">
        <LastRun status={row.status} trans={trans} onOpenJob={props.onOpenJob} />
      </td>
      <td className="jp-mod-more">
        <button
          type="button"
          className="jp-pipeline-more"
          aria-haspopup="menu"
          aria-label={trans.__('What can be done with %1', action.name)}
          onClick={event => menuBelow(event.currentTarget)}
        >
          ⋯
        </button>
      </td>
    </tr>
  );
}

/** That an action runs a notebook, and the way to its report where there is one. */
function Notebook({ row, trans, onOpenReport }: IRowProps): JSX.Element {
  const job = row.status?.job;
  return job && hasReport(job) ? (
    <Link title={trans.__('Open the report of its notebook')} onClick={() => onOpenReport(job)}>
      {trans.__('Report')}
    </Link>
  ) : (
    <span>{trans.__('Notebook')}</span>
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

function StateCell(props: IRowProps): JSX.Element {
  const { row, now, trans } = props;
  const { status, state } = row;
  const look = stateLook(state);
  const elapsed = elapsedOf(status?.job, now);
  return (
    <td className="jp-mod-state" title={status?.reason}>
      <span className={`jp-pipeline-badge jp-mod-${look.tone}`}>
        <Symbol name={look.symbol} />
        <span>{words(state, trans)}</span>
      </span>
      {elapsed !== null && <Running status={status!} elapsed={elapsed} trans={trans} />}
      {status && !QUIET.has(state) && (
        <div className="jp-pipeline-sub jp-pipeline-why">
          <Sentence text={(state === 'failed' && status.job?.message) || status.reason} />
        </div>
      )}
      {elapsed === null && status?.job && (
        <div className="jp-pipeline-last-below">
          <LastRun status={status} trans={trans} onOpenJob={props.onOpenJob} />
        </div>
      )}
    </td>
  );
}

/** How long a job has run, how long it takes as a rule, and how far its notebook is. */
function Running(props: {
  status: IActionStatus;
  elapsed: number;
  trans: TranslationBundle;
}): JSX.Element {
  const { status, elapsed, trans } = props;
  const progress = progressOf(status);
  const { expected } = status;
  const part = progress ?? (expected ? Math.min(elapsed / expected, 1) : undefined);
  return (
    <div className="jp-pipeline-sub">
      {part !== undefined && (
        <progress
          value={part}
          aria-label={
            progress !== undefined
              ? trans.__('Cells of the notebook that are done')
              : trans.__('Time that has passed, of what it takes as a rule')
          }
        />
      )}
      {expected ? trans.__('%1 of about %2', clock(elapsed), clock(expected)) : clock(elapsed)}
    </div>
  );
}

function LastRun(props: {
  status: IActionStatus | undefined;
  trans: TranslationBundle;
  onOpenJob(job: string): void;
}): JSX.Element {
  const { status, trans } = props;
  const job = status?.job;
  if (!job) {
    return <span className="jp-pipeline-dim">{trans.__('Never')}</span>;
  }
  const started = job.started_at ?? job.created_at;
  return (
    <>
      <Link
        title={trans.__('Show this job. It began %1 UTC, %2 local.', utc(started), local(started))}
        onClick={() => props.onOpenJob(job.id)}
      >
        <span className="jp-pipeline-number">{utc(started).slice(5, 16)}</span>
      </Link>
      <span className="jp-pipeline-sub">{duration(job.elapsed)}</span>
    </>
  );
}
