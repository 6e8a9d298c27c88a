/** A log that is followed: its last lines, with their colours. */

import { classesOf } from '../ansi';
import { put, say } from '../dag/dom';
import { appended, EMPTY, ILog, shownBlocks } from '../components/logLines';
import { button, make } from './dom';
import { follow, listen, Model } from './model';

interface Base {
  id: number;
  text: string;
}

/** Pixels from the end within which the reader is taken to be reading the end. */
const NEAR = 30;

/** The lines of a text as elements. */
export function lines(text: string): Node[] {
  return blocksOf(appended(EMPTY, text));
}

function blocksOf(log: ILog, kept: Map<number, [unknown, Node]> = new Map()): Node[] {
  return shownBlocks(log).map(block => {
    const known = kept.get(block.first);
    if (known?.[0] === block.lines) {
      return known[1];
    }
    const element = make('div');
    for (const { spans } of block.lines) {
      for (const { text, style } of spans) {
        const span = make('span', '', text);
        span.className = classesOf(style);
        element.append(span);
      }
      element.append('\n');
    }
    kept.set(block.first, [block.lines, element]);
    return element;
  });
}

export function showLog(model: Model, host: HTMLElement, signal: AbortSignal): void {
  const told = make('span', 'told');
  const text = make('pre', 'log');
  text.tabIndex = 0;
  put(text, 'role', 'log');
  const end = button('End', 'Go to the end and follow it', () => toEnd());
  host.append(make('div', 'bar', told, make('span', 'tools', end)), text);

  let log = EMPTY;
  let id: number | null = null;
  let taken = 0;
  let kept = new Map<number, [unknown, Node]>();
  let following = true;
  const toEnd = () => {
    following = true;
    text.scrollTop = text.scrollHeight;
  };
  text.addEventListener('scroll', () => {
    following = text.scrollHeight - text.scrollTop - text.clientHeight < NEAR;
  });
  follow(model, ['_tail', '_more'], signal, () => {
    const base = model.get('_tail') as Base;
    const more = model.get('_more') as string;
    if (base.id !== id) {
      id = base.id;
      taken = 0;
      kept = new Map();
      log = appended(EMPTY, base.text);
    }
    log = appended(log, more.slice(taken));
    taken = more.length;
    text.replaceChildren(...blocksOf(log, kept));
    if (following) {
      toEnd();
    }
  });
  follow(model, ['_told'], signal, () => {
    say(told, model.get('_told') as string);
    put(text, 'aria-label', `Log of ${model.get('_told')}`);
  });
  listen(model, ['change:follow'], signal, () => model.get('follow') && toEnd());
}
