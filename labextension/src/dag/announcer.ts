/** Says in words, not too often, what changed; for those who do not see it. */

import { div } from './dom';
import { GraphTexts } from './texts';
import { Looks, NodeState } from './types';

const SPOKEN: readonly NodeState[] = ['running', 'succeeded', 'failed', 'cancelled'];
const FIRST = 800;
const APART = 4000;

export class Announcer {
  private readonly region: HTMLDivElement;
  private readonly changed = new Set<NodeState>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = -Infinity;
  private looks: Looks = new Map();

  constructor(
    host: Element,
    private readonly texts: GraphTexts
  ) {
    this.region = div('jp-dag-live', host);
    this.region.setAttribute('role', 'status');
    this.region.setAttribute('aria-live', 'polite');
  }

  /** Some actions came into these states; the totals of those states will be said. */
  changedTo(states: Iterable<NodeState>, looks: Looks): void {
    this.looks = looks;
    for (const state of states) {
      if (SPOKEN.includes(state)) {
        this.changed.add(state);
      }
    }
    if (this.changed.size && this.timer === undefined) {
      const wait = Math.max(FIRST, this.last + APART - performance.now());
      this.timer = setTimeout(() => this.speak(), wait);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.region.remove();
  }

  private speak(): void {
    this.timer = undefined;
    this.last = performance.now();
    this.region.textContent = summary(this.looks, this.changed, this.texts);
    this.changed.clear();
  }
}

/** "3 running, 2 failed": how many actions are in each of these states now. */
export function summary(looks: Looks, states: ReadonlySet<NodeState>, texts: GraphTexts): string {
  const parts = SPOKEN.filter(state => states.has(state)).map(state => {
    const count = [...looks.values()].filter(look => look.state === state).length;
    return texts.count(state, count);
  });
  return texts.list(parts);
}
