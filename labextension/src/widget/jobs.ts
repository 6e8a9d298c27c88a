/** Jobs: as a table, and as how far those of a request have come. */

import { put, say } from '../dag/dom';
import { Announcer } from '../dag/announcer';
import { ENGLISH } from '../dag/texts';
import { NodeLook, NodeState } from '../dag/types';
import { keepTime, make, showState, showTime, since } from './dom';
import { follow, JobRow, Model, rowsOf, select } from './model';
import { counted } from './pipeline';
import { Column, Table } from './table';
import { WORDS } from './texts';

/** A job that runs is not shown as done, however long it takes. */
const MOST = 0.97;
const DONE: ReadonlySet<NodeState> = new Set(['succeeded', 'failed', 'cancelled']);

const STATE: Column<JobRow> = {
  name: 'State',
  fill: (cell, row) => showState(cell, row[1])
};
const TOOK: Column<JobRow> = {
  name: 'Took',
  fill: (cell, row) => showTime(cell, row[1] === 'running', row[5], row[6], row[7])
};
const TOLD: Column<JobRow> = {
  name: 'What',
  fill: (cell, row) => {
    const cells = row[9] ? `Cell ${Math.min(row[8] + 1, row[9])} of ${row[9]}. ${row[10]}` : '';
    say(cell, row[1] === 'running' ? cells : row[1] === 'succeeded' ? '' : row[3]);
    cell.title = row[3];
  }
};
const STARTED: Column<JobRow> = {
  name: 'Asked for',
  fill: (cell, row) => say(cell, new Date(row[4] * 1000).toLocaleString())
};

const action = { name: 'Action', fill: () => undefined };

/** How far a job has come, from 0 to 1; null where nobody knows. */
function part(row: JobRow): number | null {
  const [, state, , , , started, , expected, done, total] = row;
  if (DONE.has(state)) {
    return 1;
  }
  if (state !== 'running') {
    return 0;
  }
  if (total) {
    return done / total;
  }
  return started !== null && expected ? Math.min(since(started) / expected, MOST) : null;
}

function showPart(bar: HTMLProgressElement, done: number | null): void {
  if (done === null) {
    bar.removeAttribute('value');
  } else {
    put(bar, 'value', Math.round(done * 1000) / 1000);
  }
}

export function showJobs(model: Model, host: HTMLElement, signal: AbortSignal): void {
  const table = new Table<JobRow>(
    'Jobs, newest first',
    row => row[0],
    [action, STATE, TOOK, STARTED, TOLD],
    key => select(model, key)
  );
  const told = make('span', 'told');
  host.append(make('div', 'bar', told), table.root);
  follow(model, ['_base', '_changes', 'selected'], signal, () => {
    const rows = [...rowsOf<JobRow>(model)].sort((a, b) => b[1][4] - a[1][4]);
    table.show(rows, model.get('selected') as string | null);
    say(told, rows.length ? `${rows.length} jobs: ${totals(rows)}` : 'Nothing has been run yet.');
  });
}

export function showProgress(model: Model, host: HTMLElement, signal: AbortSignal): void {
  const told = make('strong', 'told');
  const time = make('span', 'time');
  const whole = make('progress', 'whole');
  put(whole, 'aria-label', 'How much of the request is done');
  const announcer = new Announcer(host, ENGLISH);
  signal.addEventListener('abort', () => announcer.dispose());
  const bar: Column<JobRow> = {
    name: 'Done',
    fill: (cell, row) => {
      const inner = (cell.firstElementChild ?? cell.appendChild(make('progress'))) as HTMLElement;
      put(inner, 'aria-label', `How much of ${row[0]} is done`);
      showPart(inner as HTMLProgressElement, part(row));
    }
  };
  const table = new Table<JobRow>(
    'Jobs of the request',
    row => row[0],
    [action, STATE, bar, TOOK, TOLD],
    key => select(model, key)
  );
  host.append(make('div', 'bar', told, time), whole, table.root);
  let before = new Map<string, NodeState>();
  const show = () => {
    const rows = rowsOf<JobRow>(model);
    const ordered = [...rows].sort((a, b) => a[1][4] - b[1][4]);
    const [title, started, ended] = model.get('_request') as [string, number | null, number | null];
    table.show(ordered, model.get('selected') as string | null);
    const parts = ordered.map(([, row]) => part(row) ?? 0.5);
    showPart(whole, parts.length ? parts.reduce((sum, one) => sum + one, 0) / parts.length : 0);
    say(told, [title, totals(ordered)].filter(Boolean).join(': '));
    const took = started !== null && ended !== null ? ended - started : null;
    showTime(time, ended === null, started, took, null);
    const now = new Map(ordered.map(([key, row]) => [key, row[1]]));
    const states = [...now].filter(([key, state]) => before.get(key) !== state).map(one => one[1]);
    if (before.size && states.length) {
      announcer.changedTo(states, new Map([...now].map(([key, state]) => [key, lookOf(state)])));
    }
    before = now;
  };
  follow(model, ['_base', '_changes', '_request', 'selected'], signal, show);
  keepTime(host, signal, () => {
    if (
      model.get('_request') &&
      [...rowsOf<JobRow>(model).values()].some(row => row[1] === 'running')
    ) {
      show();
    }
  });
}

const totals = (rows: [string, JobRow][]) => {
  const states = rows.map(([, row]) => row[1]);
  const good = states.filter(state => state === 'succeeded').length;
  return [counted(states), good ? ENGLISH.count('succeeded', good) : ''].filter(Boolean).join(', ');
};

const lookOf = (state: NodeState): NodeLook => ({
  state,
  label: WORDS[state],
  levels: { highly: false, moderately: false }
});
