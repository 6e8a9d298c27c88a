/** A table whose rows are kept and changed in place, so that the focus and the reader's place stay. */

import { put, say } from '../dag/dom';
import { make } from './dom';

export interface Column<Row> {
  name: string;
  /** Show of a row what belongs into this column. */
  fill(cell: HTMLElement, row: Row): void;
}

export class Table<Row> {
  readonly root: HTMLDivElement;
  private readonly body = make('tbody');
  private readonly rows = new Map<string, HTMLTableRowElement>();

  /** The first column names the row, and its name is the button that selects it. */
  constructor(
    caption: string,
    private readonly name: (row: Row, key: string) => string,
    private readonly columns: Column<Row>[],
    private readonly select: (key: string) => void
  ) {
    const [first, ...others] = columns.map(column => column.name);
    const heads = [first, ...others].map(text => {
      const head = make('th', '', text);
      head.scope = 'col';
      return head;
    });
    const table = make('table', 'table', make('caption', 'unseen', caption));
    table.append(make('thead', '', make('tr', '', ...heads)), this.body);
    this.root = make('div', 'scroll', table);
  }

  /** Show these rows in this order. */
  show(rows: Iterable<[string, Row]>, selected: string | null): void {
    const left = new Set(this.rows.keys());
    let before: Element | null = null;
    for (const [key, row] of rows) {
      const element = this.row(key);
      left.delete(key);
      const chosen = key === selected;
      put(element, 'class', chosen ? 'jp-mod-selected' : '');
      const [head, ...cells] = element.children as unknown as HTMLElement[];
      const knob = head.firstElementChild as HTMLElement;
      put(knob, 'aria-pressed', String(chosen));
      say(knob, this.name(row, key));
      this.columns.slice(1).forEach((column, place) => column.fill(cells[place], row));
      const next: Element | null = before ? before.nextElementSibling : this.body.firstElementChild;
      if (next !== element) {
        this.body.insertBefore(element, next);
      }
      before = element;
    }
    for (const key of left) {
      this.rows.get(key)!.remove();
      this.rows.delete(key);
    }
  }

  private row(key: string): HTMLTableRowElement {
    let row = this.rows.get(key);
    if (!row) {
      const knob = make('button', 'link');
      knob.type = 'button';
      const head = make('th', '', knob);
      head.scope = 'row';
      row = make('tr', '', head, ...this.columns.slice(1).map(() => make('td')));
      row.addEventListener('click', () => this.select(key));
      this.rows.set(key, row);
    }
    return row;
  }
}
