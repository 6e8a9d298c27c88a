/** What keys mean in the graph. */

import { Way } from './relations';

export interface KeyMeanings {
  step(way: Way, extends_: boolean): void;
  open(): void;
  toggle(): void;
  all(): void;
  zoom(factor: number): void;
  fit(): void;
  /** Gives whether there was something to clear; else Escape is left to others. */
  clear(): boolean;
}

const WAYS: Record<string, Way> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Home: 'first',
  End: 'last'
};

/** Do what a key means; gives whether it meant something here. */
export function press(event: KeyboardEvent, meanings: KeyMeanings): boolean {
  if (event.altKey) {
    return false;
  }
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() !== 'a') {
      return false;
    }
    meanings.all();
    return true;
  }
  const way = WAYS[event.key];
  if (way) {
    meanings.step(way, event.shiftKey);
    return true;
  }
  switch (event.key) {
    case 'Enter':
      meanings.open();
      return true;
    case ' ':
      meanings.toggle();
      return true;
    case '+':
    case '=':
      meanings.zoom(1.25);
      return true;
    case '-':
    case '_':
      meanings.zoom(0.8);
      return true;
    case '0':
      meanings.fit();
      return true;
    case 'Escape':
      return meanings.clear();
    default:
      return false;
  }
}
