/** What the kernel tells a widget, and what is told back: the part of anywidget's model that is used here. */

import { NodeState } from '../dag/types';

export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  send(content: unknown): void;
  on(event: string, listener: (...values: never[]) => void): void;
  off(event: string, listener: (...values: never[]) => void): void;
}

/** How an action is: its state, why, how far its notebook is, and the times of its newest job. */
export type ActionRow = [
  state: NodeState,
  detail: string,
  progress: number | null,
  started: number | null,
  elapsed: number | null,
  expected: number | null
];

/** A job; `done` and `total` count the cells of its notebook. */
export type JobRow = [
  action: string,
  state: NodeState,
  code: string,
  message: string,
  created: number,
  started: number | null,
  elapsed: number | null,
  expected: number | null,
  done: number,
  total: number | null,
  line: string
];

/** An output; its level by its first letter, its place, and the gate's answer with the reason. */
export type OutputRow = [
  path: string,
  action: string,
  level: 'h' | 'm',
  size: number,
  rows: number | null,
  columns: number | null,
  viewable: boolean,
  reason: string
];

/** Python sends a base of rows once, and then only what has changed since; null is a row that is gone. */
export function rowsOf<Row>(model: Model): Map<string, Row> {
  const known = { ...(model.get('_base') as object), ...(model.get('_changes') as object) };
  const rows = new Map<string, Row>();
  for (const [key, row] of Object.entries(known)) {
    if (row !== null) {
      rows.set(key, row as Row);
    }
  }
  return rows;
}

/** Call `listener` now, and whenever one of these changes, once for all that came together; until `signal`. */
export function follow(
  model: Model,
  names: string[],
  signal: AbortSignal,
  listener: () => void
): void {
  let asked = false;
  const later = () => {
    if (!asked) {
      asked = true;
      queueMicrotask(() => {
        asked = false;
        if (!signal.aborted) {
          listener();
        }
      });
    }
  };
  listen(
    model,
    names.map(name => `change:${name}`),
    signal,
    later
  );
  listener();
}

/** Call `listener` at each of these events, until `signal`. */
export function listen(
  model: Model,
  events: string[],
  signal: AbortSignal,
  listener: (...values: never[]) => void
): void {
  for (const event of events) {
    model.on(event, listener);
    signal.addEventListener('abort', () => model.off(event, listener));
  }
}

/** What a reader has set up in a view, kept for the next view of the same widget: front ends make views anew at times. */
export interface Memory {
  asTable?: boolean;
  scale?: number;
  page?: unknown;
}

/** Draws one kind of widget in an element, until `signal`. */
export type Show = (model: Model, host: HTMLElement, signal: AbortSignal, memory: Memory) => void;

/** Tell the kernel what the reader selected. */
export function select(model: Model, name: string | null): void {
  if (model.get('selected') !== name) {
    model.set('selected', name);
    model.save_changes();
  }
}
