/** The outputs of a workspace: which may be viewed and why not, and a look at one that may. */

import { put, say, svg } from '../dag/dom';
import { size } from '../format';
import { button, make } from './dom';
import { follow, listen, Memory, Model, OutputRow, rowsOf, select } from './model';
import { Table } from './table';

/** The page of one output, or the sentence that says why there is none. It comes as a message, so that no notebook keeps it. */
interface Page {
  path: string;
  html?: string;
  sentence?: string;
}

export function showOutputs(
  model: Model,
  host: HTMLElement,
  signal: AbortSignal,
  memory: Memory
): void {
  const told = make('span', 'told');
  const preview = make('div', 'preview');
  preview.hidden = true;
  const table = new Table<OutputRow>(
    'Outputs',
    row => row[0],
    [
      { name: 'Output', fill: () => undefined },
      {
        name: 'Level',
        fill: (cell, row) => {
          put(cell, 'class', `jp-pw-level jp-mod-${row[2]}`);
          say(cell, row[2] === 'h' ? 'Highly sensitive' : 'Moderately sensitive');
        }
      },
      {
        name: 'Size',
        fill: (cell, [, , , bytes, rows, columns]) =>
          say(cell, rows === null ? size(bytes) : `${rows} × ${columns}`)
      },
      {
        name: 'May be viewed',
        fill: (cell, row) => {
          const told = row[6] ? 'Yes' : row[7];
          if (cell.textContent !== told) {
            put(cell, 'class', row[6] ? '' : 'jp-pw-locked');
            cell.replaceChildren(...(row[6] ? [] : [lock()]), told);
            cell.title = row[7];
          }
        }
      }
    ],
    path => {
      select(model, path);
      model.send({ look: path });
    }
  );
  host.append(make('div', 'bar', told), table.root, preview);
  follow(model, ['_base', '_changes', 'selected'], signal, () => {
    const rows = [...rowsOf<OutputRow>(model)].sort((a, b) => (a[1][0] < b[1][0] ? -1 : 1));
    table.show(rows, model.get('selected') as string | null);
    const open = rows.filter(([, row]) => row[6]).length;
    say(told, rows.length ? `${rows.length} outputs, ${open} may be viewed` : 'No outputs yet.');
  });
  const turn = (page?: Page) => {
    memory.page = page;
    const close = button('Close', 'Close the preview', () => turn());
    const parts = page && [make('div', 'bar', make('strong', '', page.path), close), shown(page)];
    preview.replaceChildren(...(parts ?? []));
    preview.hidden = !page;
  };
  turn(memory.page as Page | undefined);
  listen(model, ['msg:custom'], signal, turn);
}

function lock(): Element {
  const image = svg('svg', { width: 11, height: 12, viewBox: '0 0 11 12', 'aria-hidden': 'true' });
  svg('path', { d: 'M1 5h9v6H1zM3 5V3.5a2.5 2.5 0 0 1 5 0V5' }, image);
  return image;
}

/** A page without scripts and without an origin, or a sentence. */
function shown({ path, html, sentence }: Page): HTMLElement {
  if (html === undefined) {
    return make('p', 'locked', sentence ?? '');
  }
  const frame = make('iframe', 'frame');
  frame.title = path;
  put(frame, 'sandbox', '');
  frame.srcdoc = html;
  return frame;
}
