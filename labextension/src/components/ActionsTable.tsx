/** The actions as a table: the equal twin of the graph. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { byAction } from '../looks';
import { IPicture } from '../model';
import { IJob } from '../types';
import { ActionRow } from './ActionRow';
import { actionRows, between, IActionRow, ISort, sortedBy, SortKey } from './actionRows';
import { hasReport } from './requestFacts';
import { IMenuItem, RowMenu } from './RowMenu';
import { useGrowing, useLatest } from './useGrowing';
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
  const menuAt = React.useCallback(
    (row: IActionRow, at: IOpenMenu['at']) => setMenu({ row, at }),
    []
  );
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
  const toggle = useLatest(select);
  const openJob = useLatest(props.onOpenJob);
  const openReport = useLatest(props.onOpenReport);
  const count = useGrowing(rows.length);
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
      <table
        className="jp-pipeline-actions"
        aria-rowcount={rows.length + 1}
        onKeyDown={event => walk(event)}
      >
        <caption className="jp-pipeline-unseen">
          {trans.__('Actions of the pipeline. Arrow keys go from row to row, Space selects.')}
        </caption>
        <Head {...props} names={names} sort={sort} onSort={key => setSort(sortedBy(sort, key))} />
        <tbody>
          {rows.slice(0, count).map(row => (
            <ActionRow
              key={row.action.name}
              row={row}
              isSelected={selected.has(row.action.name)}
              now={row.status?.job?.state === 'running' ? now : 0}
              trans={trans}
              onToggle={toggle}
              onMenu={menuAt}
              onOpenJob={openJob}
              onOpenReport={openReport}
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
