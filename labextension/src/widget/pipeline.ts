/** A pipeline: its graph, the same as a table, and what is known of the selected action. */

import { put, say } from '../dag/dom';
import { ENGLISH } from '../dag/texts';
import { GraphData, NodeLook, NodeState } from '../dag/types';
import { button, make, showState, showTime } from './dom';
import { Graph } from './graph';
import { lines } from './log';
import { ActionRow, follow, Memory, Model, rowsOf, select } from './model';
import { Table } from './table';
import { WORDS } from './texts';

/** What Python sends of the pipeline; positions flat, levels as 1 for highly and 2 for moderately sensitive. */
interface Drawing {
  width: number;
  height: number;
  nodes: [string, number, number, number, number, number][];
  edges: [number, number, number[]][];
  actions: [runtime: string, notebook: boolean, levels: number][];
}

interface Detail {
  action: string;
  job: string;
  facts: [string, string][];
  log: string;
}

/** What is said in the line above the graph, worst first. */
const COUNTED: NodeState[] = [
  'failed',
  'cancelled',
  'running',
  'pending',
  'cannot_run',
  'stale',
  'to_run',
  'up_to_date'
];

export function showPipeline(
  model: Model,
  host: HTMLElement,
  signal: AbortSignal,
  memory: Memory
): void {
  const told = make('span', 'told');
  const pane = make('div', 'pane');
  const detail = make('div', 'detail');
  const graph = new Graph(pane, memory, name => select(model, name));
  signal.addEventListener('abort', () => graph.dispose());
  const table = new Table<ActionRow>(
    'Actions of the pipeline',
    (_, name) => name,
    [
      { name: 'Action', fill: () => undefined },
      { name: 'State', fill: (cell, row) => showState(cell, row[0]) },
      { name: 'Why', fill: (cell, row) => say(cell, row[1]) },
      {
        name: 'Took',
        fill: (cell, [state, , , started, elapsed, expected]) =>
          showTime(cell, state === 'running', started, elapsed, expected)
      }
    ],
    name => select(model, name)
  );
  const change = button('Table', 'Show the actions as a table', () => turn(!memory.asTable));
  const turn = (asTable: boolean) => {
    memory.asTable = asTable;
    table.root.hidden = !asTable;
    graph.root.hidden = asTable;
    put(change, 'aria-pressed', String(asTable));
    showTable();
  };
  const showTable = () => {
    if (memory.asTable) {
      const rows = rowsOf<ActionRow>(model);
      const { nodes = [] } = model.get('_graph') as Partial<Drawing>;
      const known = nodes.flatMap(([name]): [string, ActionRow][] => {
        const row = rows.get(name);
        return row ? [[name, row]] : [];
      });
      table.show(known, model.get('selected') as string | null);
    }
  };
  turn(!!memory.asTable);
  const tools = make(
    'span',
    'tools',
    change,
    button('−', 'Smaller', () => graph.zoom(0.8)),
    button('+', 'Larger', () => graph.zoom(1.25)),
    button('Fit', 'Show the whole graph', () => graph.fit())
  );
  pane.append(table.root);
  host.append(make('div', 'bar', told, tools), pane, detail);

  let drawn: Drawing | null = null;
  follow(model, ['_graph', '_base', '_changes', 'selected'], signal, () => {
    const drawing = model.get('_graph') as Drawing;
    if (!drawing.nodes) {
      return; // project.yaml has errors; the notice says so
    }
    const rows = rowsOf<ActionRow>(model);
    const selected = model.get('selected') as string | null;
    if (drawing !== drawn) {
      drawn = drawing;
      graph.setGraph(dataOf(drawing));
    }
    graph.setLooks(looksOf(drawing, rows));
    graph.setSelected(selected);
    showTable();
    const states = [...rows.values()].map(row => row[0]);
    say(told, counted(states) || ENGLISH.empty);
  });
  follow(model, ['_detail', 'selected'], signal, () => {
    const found = model.get('_detail') as Detail | null;
    const fits = found !== null && found.action === model.get('selected');
    detail.hidden = !fits;
    detail.replaceChildren(...(fits ? contentOf(found) : []));
  });
}

/** "1 failed, 3 running, 12 up to date". */
export function counted(states: readonly NodeState[]): string {
  return COUNTED.map(state => [state, states.filter(one => one === state).length] as const)
    .filter(([, count]) => count)
    .map(([state, count]) => ENGLISH.count(state, count))
    .join(', ');
}

function contentOf({ action, facts, log }: Detail): Node[] {
  const list = make('dl', 'facts');
  facts.forEach(([name, value]) => list.append(make('dt', '', name), make('dd', '', value)));
  const parts: Node[] = [make('strong', '', action), list];
  if (log) {
    const text = make('pre', 'log', ...lines(log));
    text.tabIndex = 0;
    put(text, 'aria-label', `The end of the log of ${action}`);
    parts.push(text);
  }
  return parts;
}

function dataOf({ width, height, nodes, edges }: Drawing): GraphData {
  return {
    width,
    height,
    nodes: nodes.map(([name, x, y, across, down, layer]) => ({
      name,
      x,
      y,
      width: across,
      height: down,
      layer
    })),
    edges: edges.map(([source, target, flat]) => ({
      source: nodes[source][0],
      target: nodes[target][0],
      points: Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at], flat[2 * at + 1]])
    }))
  };
}

function looksOf(drawing: Drawing, rows: Map<string, ActionRow>): Map<string, NodeLook> {
  const looks = new Map<string, NodeLook>();
  drawing.nodes.forEach(([name], place) => {
    const [runtime, notebook, levels] = drawing.actions[place];
    const [state, detail, progress] = rows.get(name) ?? (['none', '', null] as const);
    looks.set(name, {
      state,
      label: WORDS[state],
      detail,
      progress: progress ?? undefined,
      levels: { highly: !!(levels & 1), moderately: !!(levels & 2) },
      notebook,
      runtime
    });
  });
  return looks;
}
