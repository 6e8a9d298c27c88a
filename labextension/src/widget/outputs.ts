/** The outputs of a workspace: which may be viewed and why not, and a look at one that may. */

import { put, say } from '../dag/dom';
import { size } from '../format';
import { button, make } from './dom';
import { follow, listen, Model, OutputRow, rowsOf, select } from './model';
import { Table } from './table';

/** The page of one output, or the sentence that says why there is none. It comes as a message, so that no notebook keeps it. */
interface Page {
  path: string;
  html?: string;
  sentence?: string;
}

export function showOutputs(model: Model, host: HTMLElement, signal: AbortSignal): void {
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
          put(cell, 'class', row[6] ? 'jp-pw-open' : 'jp-pw-locked');
          say(cell, row[6] ? 'Yes' : row[7]);
          cell.title = row[7];
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
  listen(model, ['msg:custom'], signal, (page: Page) => {
    const close = button('Close', 'Close the preview', () => (preview.hidden = true));
    preview.hidden = false;
    preview.replaceChildren(make('div', 'bar', make('strong', '', page.path), close), shown(page));
  });
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
