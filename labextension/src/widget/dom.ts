/** Making and changing elements; text is only ever set as text. */

import { put, say } from '../dag/dom';
import { NodeState } from '../dag/types';
import { duration } from '../format';
import { SIGNS, WORDS } from './texts';

type Content = string | Node;

/** An element with a class and what is in it. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name = '',
  ...content: Content[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (name) {
    element.className = `jp-pw-${name}`;
  }
  element.append(...content);
  return element;
}

export function button(text: string, title: string, pressed: () => void): HTMLButtonElement {
  const element = make('button', 'button', text);
  element.type = 'button';
  element.title = title;
  put(element, 'aria-label', title);
  element.addEventListener('click', pressed);
  return element;
}

/** Show a state in an element: its sign and its words. */
export function showState(element: HTMLElement, state: NodeState): void {
  put(element, 'class', `jp-pw-state jp-mod-${state}`);
  put(element, 'data-sign', SIGNS[state]);
  say(element, WORDS[state]);
}

/** Show how long something has run, or ran, and how long it is expected to. */
export function showTime(
  element: HTMLElement,
  running: boolean,
  started: number | null,
  elapsed: number | null,
  expected: number | null
): void {
  const ticking = running && started !== null;
  element.dataset.started = ticking ? String(started) : '';
  element.dataset.expected = expected === null ? '' : String(expected);
  if (ticking) {
    tick(element);
  } else {
    say(element, duration(elapsed));
  }
}

/** Seconds that the clock of the kernel is ahead of this one. */
let ahead = 0;

/** Take note of the kernel's clock: seconds since 1970. */
export function setClock(now: number): void {
  const by = now - Date.now() / 1000;
  ahead = Math.abs(by) < 2 ? 0 : by;
}

/** How long ago something began, in seconds. */
export const since = (started: number): number => Math.max(0, Date.now() / 1000 + ahead - started);

function tick(element: HTMLElement): void {
  const { started, expected } = element.dataset;
  const told = expected ? ` of about ${duration(Number(expected))}` : '';
  say(element, duration(Math.floor(since(Number(started)))).replace('.0', '') + told);
}

/** Keep the times below an element going, as long as there are any and they can be seen. */
export function keepTime(
  root: HTMLElement,
  signal: AbortSignal,
  turn: () => void = () => {}
): void {
  const timer = setInterval(() => {
    if (document.hidden || !root.isConnected) {
      return;
    }
    root.querySelectorAll<HTMLElement>('[data-started]:not([data-started=""])').forEach(tick);
    turn();
  }, 1000);
  signal.addEventListener('abort', () => clearInterval(timer));
}
