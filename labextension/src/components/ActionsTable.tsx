/** The actions as a table: the equal twin of the graph. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { NodeState } from '../dag';
import { clock, duration, local, utc } from '../format';
import { byAction, levelsOf, progressOf, words } from '../looks';
import { IPicture } from '../model';
import { elapsedOf } from '../progress';
import { IAction, IActionStatus, IJob } from '../types';
import { actionRows, between, IActionRow, ISort, sortedBy, SortKey } from './actionRows';
import { stateLook } from './looks';
import { Name } from './Name';
import { Link } from './Parts';
import { hasReport } from './requestFacts';
import { IMenuItem, RowMenu } from './RowMenu';
import { Sentence } from './Sentence';
import { Symbol } from './Symbol';
import { useNow } from './useLoaded';

export interface IActionsTableProps {
  picture: IPicture;
  selected: ReadonlySet<string>;
  filter: string;
  trans: TranslationBundle;
  onSelect(names: ReadonlySet<string>): void;
  onOpenJob(job: string): void;
  onOpenReport(job: IJob): void;
  onOpenLine(line: number): void;
  onRun(actions: string[], force?: boolean): void;
}

/** States that need no reason. */
const QUIET: ReadonlySet<NodeState> = new Set(['up_to_date', 'pending', 'running']);

interface IOpenMenu {
  row: IActionRow;
  at: { x: number; y: number };
}

export function ActionsTable(props: IActionsTableProps): JSX.Element {
  const { picture, filter, selected, trans } = props;
  const [sort, setSort] = React.useState<ISort>({ key: null, descending: false });
  const [menu, setMenu] = React.useState<IOpenMenu | null>(null);
  const last = React.useRef('');
  const close = React.useCallback(() => setMenu(null), []);
  const rows = actionRows(picture.pipeline?.actions ?? [], byAction(picture), filter, sort);
  const now = useNow(rows.some(({ status }) => status?.job?.state === 'running'));
  const names = rows.map(row => row.action.name);
  const select = (name: string, extends_: boolean) => {
    const chosen = new Set(selected);
    if (extends_) {
      between(names, last.current, name).forEach(one => chosen.add(one));
    } else if (!chosen.delete(name)) {
      chosen.add(name);
    }
    last.current = name;
    props.onSelect(chosen);
  };
  if (rows.length === 0) {
    return (
      <p className="jp-pipeline-dim jp-pipeline-nothing" role="status">
        {filter.trim()
          ? trans.__('No action has this in its name, runtime or state.')
          : trans.__('project.yaml cannot be read as it is; the problems say why.')}
      </p>
    );
  }
  return (
    <>
      <table className="jp-pipeline-actions" onKeyDown={event => walk(event)}>
        <caption className="jp-pipeline-unseen">
          {trans.__('Actions of the pipeline. Arrow keys go from row to row, Space selects.')}
        </caption>
        <Head {...props} names={names} sort={sort} onSort={key => setSort(sortedBy(sort, key))} />
        <tbody>
          {rows.map(row => (
            <ActionRow
              key={row.action.name}
              {...props}
              row={row}
              now={now}
              onToggle={select}
              onMenu={at => setMenu({ row, at })}
            />
          ))}
        </tbody>
      </table>
      {menu && (
        <RowMenu
          label={trans.__('What can be done with %1', menu.row.action.name)}
          items={itemsOf(menu.row, props)}
          at={menu.at}
          onClose={close}
        />
      )}
    </>
  );
}

/** From the box of one row to that of the next. */
function walk(event: React.KeyboardEvent<HTMLTableElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (step !== 0) {
    const boxes = [...event.currentTarget.querySelectorAll<HTMLInputElement>('input')];
    const row = (event.target as Element).closest('tr')?.querySelector('input');
    const at = row ? boxes.indexOf(row) : -1;
    boxes[Math.max(0, Math.min(at + step, boxes.length - 1))]?.focus();
    event.preventDefault();
  }
}

function itemsOf({ action, status }: IActionRow, props: IActionsTableProps): IMenuItem[] {
  const { trans } = props;
  const job = status?.job ?? null;
  const { name, line } = action;
  return [
    { label: trans.__('Run…'), run: () => props.onRun([name]) },
    {
      label: trans.__('Run with all that it needs…'),
      disabled: action.needs.length === 0,
      run: () => props.onRun([name], true)
    },
    {
      label: trans.__('Show its last job'),
      disabled: job === null,
      divided: true,
      run: () => props.onOpenJob(job!.id)
    },
    ...(action.notebook
      ? [
          {
            label: trans.__('Open its report'),
            disabled: job === null || !hasReport(job),
            run: () => props.onOpenReport(job!)
          }
        ]
      : []),
    {
      label: trans.__('Show it in project.yaml'),
      disabled: line === null,
      run: () => props.onOpenLine(line!)
    }
  ];
}

function Head(
  props: IActionsTableProps & { names: string[]; sort: ISort; onSort(key: SortKey): void }
): JSX.Element {
  const { names, selected, sort, trans } = props;
  const all = names.every(name => selected.has(name));
  const some = names.some(name => selected.has(name));
  const columns: [SortKey, string][] = [
    ['action', trans.__('Action')],
    ['state', trans.__('State')],
    ['last', trans.__('Last run')]
  ];
  return (
    <thead>
      <tr>
        <th scope="col">
          <input
            type="checkbox"
            checked={all}
            ref={box => box && (box.indeterminate = some && !all)}
            aria-label={trans.__('Select all')}
            onChange={() => props.onSelect(new Set(all ? [] : names))}
          />
        </th>
        {columns.map(([key, label]) => (
          <th
            key={key}
            scope="col"
            className={`jp-mod-${key}`}
            aria-sort={sort.key !== key ? undefined : sort.descending ? 'descending' : 'ascending'}
          >
            <button type="button" onClick={() => props.onSort(key)} title={trans.__('Sort')}>
              {label}
              <span aria-hidden="true">
                {sort.key !== key ? '' : sort.descending ? ' ▾' : ' ▴'}
              </span>
            </button>
          </th>
        ))}
        <th scope="col">
          <span className="jp-pipeline-unseen">{trans.__('More')}</span>
        </th>
      </tr>
    </thead>
  );
}

interface IRowProps extends IActionsTableProps {
  row: IActionRow;
  /** In milliseconds. */
  now: number;
  onToggle(name: string, extends_: boolean): void;
  onMenu(at: { x: number; y: number }): void;
}

function ActionRow(props: IRowProps): JSX.Element {
  const { row, trans } = props;
  const { action, status } = row;
  const isSelected = props.selected.has(action.name);
  const shift = React.useRef(false);
  const menuBelow = (node: Element) => {
    const { left, bottom } = node.getBoundingClientRect();
    props.onMenu({ x: left, y: bottom });
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
          : props.onMenu({ x: event.clientX, y: event.clientY });
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
        <LastRun status={status} trans={trans} onOpenJob={props.onOpenJob} />
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
