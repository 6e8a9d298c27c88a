/** How states look and how boxes are described: symbols, the colours of exported pictures, words. */

import { GraphTexts } from './texts';
import { Box, Looks, NodeLook, NodeState, Relations } from './types';

const DISC = 'M7 .6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 1 1 7 .6z';
const OCTAGON = 'M4.3 .6h5.4l3.7 3.7v5.4l-3.7 3.7H4.3L.6 9.7V4.3z';
const TRIANGLE = 'M7 1.2 13.4 12.6H.6z';
const DIAMOND = 'M7 .4 13.6 7 7 13.6 .4 7z';
const CHECK = 'M4.2 7.3 6.2 9.3 9.9 5';
const PLAY = 'M5.6 4.5 9.6 7 5.6 9.5z';

export interface Symbol {
  shape: string;
  mark: string;
  /** Facts are filled; what is only expected is an outline. */
  solid: boolean;
}

/** In a square of 14: the shape tells the state also where colours cannot be told apart. */
export const SYMBOLS: Record<NodeState, Symbol> = {
  none: { shape: 'M7 3a4 4 0 1 1 0 8A4 4 0 1 1 7 3z', mark: '', solid: false },
  up_to_date: { shape: DISC, mark: CHECK, solid: false },
  stale: { shape: TRIANGLE, mark: 'M7 5.2V8.6M7 10.3V10.8', solid: true },
  to_run: { shape: DISC, mark: PLAY, solid: false },
  cannot_run: { shape: DIAMOND, mark: 'M4.4 7H9.6', solid: false },
  pending: { shape: DISC, mark: 'M7 3.8V7.2L9.2 8.6', solid: false },
  running: { shape: DISC, mark: PLAY, solid: true },
  succeeded: { shape: DISC, mark: CHECK, solid: true },
  failed: { shape: OCTAGON, mark: 'M4.8 4.8 9.2 9.2M9.2 4.8 4.8 9.2', solid: true },
  cancelled: { shape: DISC, mark: 'M4.4 9.6 9.6 4.4', solid: false }
};

/** The colours of exported pictures: those of a light theme. */
export const COLOURS: Record<NodeState, string> = {
  none: '#8a8a8a',
  up_to_date: '#2f7d33',
  stale: '#b35c00',
  to_run: '#00788a',
  cannot_run: '#757575',
  pending: '#5f6368',
  running: '#1769bd',
  succeeded: '#2f7d33',
  failed: '#c62828',
  cancelled: '#757575'
};

/** States in which a box is tinted and coloured, because somebody should look there. */
export const LOUD: ReadonlySet<NodeState> = new Set(['running', 'failed', 'stale']);

/** States of which nothing came, or not yet: dashed borders. */
export const DASHED: ReadonlySet<NodeState> = new Set(['pending', 'cannot_run', 'cancelled']);

/** Worst first; a group shows the worst state of its actions. */
export const STATES: readonly NodeState[] = [
  'failed',
  'running',
  'cancelled',
  'cannot_run',
  'stale',
  'pending',
  'to_run',
  'none',
  'up_to_date',
  'succeeded'
];

export function sameLook(a: NodeLook | undefined, b: NodeLook | undefined): boolean {
  if (a === b || !a || !b) {
    return a === b;
  }
  return (
    a.state === b.state &&
    a.label === b.label &&
    a.detail === b.detail &&
    a.progress === b.progress &&
    a.levels.highly === b.levels.highly &&
    a.levels.moderately === b.levels.moderately &&
    a.notebook === b.notebook &&
    a.runtime === b.runtime
  );
}

/** The look of a box; of a group, its worst state, its states counted, and all levels that occur in it. */
export function lookOf(box: Box, looks: Looks, texts: GraphTexts): NodeLook {
  if (!box.members) {
    return (
      looks.get(box.name) ?? {
        state: 'none',
        label: texts.unknown,
        levels: { highly: false, moderately: false }
      }
    );
  }
  const counts = new Map<NodeState, number>();
  const levels = { highly: false, moderately: false };
  for (const name of box.members) {
    const look = looks.get(name);
    const state = look?.state ?? 'none';
    counts.set(state, (counts.get(state) ?? 0) + 1);
    levels.highly ||= !!look?.levels.highly;
    levels.moderately ||= !!look?.levels.moderately;
  }
  const present = STATES.filter(state => counts.has(state));
  const label = texts.list(present.map(state => texts.count(state, counts.get(state)!)));
  return { state: present[0], label, levels };
}

/** What a screen reader says of a box. */
export function described(
  box: Box,
  look: NodeLook,
  relations: Relations,
  texts: GraphTexts
): string {
  return texts.list(
    [
      box.members ? texts.group(box.name, box.members.length) : box.name,
      look.label,
      look.detail ?? '',
      look.progress === undefined ? '' : texts.progress(Math.round(look.progress * 100)),
      look.runtime ? texts.runtime(look.runtime) : '',
      look.notebook ? texts.notebook : '',
      look.levels.highly ? texts.highly : '',
      look.levels.moderately ? texts.moderately : '',
      texts.needs(relations.needs.get(box.name)?.length ?? 0),
      texts.neededBy(relations.users.get(box.name)?.length ?? 0)
    ].filter(Boolean)
  );
}
