/** Where things stand in a box and which words fit there; the same on the screen and in exported pictures. */

import { GraphTexts } from './texts';
import { Box, NodeLook } from './types';

export const ICON = 14;
export const LEFT = 7;
export const TEXT = 26;
export const RIGHT = 6;
export const BADGE = 11;
/** Names are made a little smaller before they are shortened. */
export const NAME_SIZES = [12, 11.25, 10.5];
/** Alone in a box that is seen from far. */
export const LARGE_SIZE = 16;
export const NOTE_SIZE = 10;
export const RADIUS = 5;
export const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';

/** A leaf with a spine, 10 by 10: the action runs a notebook. */
export const NOTEBOOK = 'M2 .5H9.5V9.5H2zM4 .5V9.5M.7 3H3M.7 7H3';

/** Gives the width of a text at a size, in pixels. */
export type Measure = (text: string, size: number) => number;

/** Good enough where nothing can be measured; too wide rather than too narrow. */
export const estimate: Measure = (text, size) => {
  let width = 0;
  for (const letter of text) {
    width += letter.codePointAt(0)! >= 0x1100 ? 1 : 0.6;
  }
  return width * size;
};

/** Measures with the font that is shown, and remembers. */
export function measureWith(family: string): Measure {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) {
    return estimate;
  }
  const known = new Map<string, number>();
  return (text, size) => {
    const key = `${size} ${text}`;
    let width = known.get(key);
    if (width === undefined) {
      context.font = `${size}px ${family}`;
      width = context.measureText(text).width;
      known.set(key, width);
    }
    return width;
  };
}

/** Shorten in the middle, because names of one pipeline often begin alike and differ at the end. */
export function shortened(text: string, room: number, size: number, measure: Measure): string {
  if (measure(text, size) <= room) {
    return text;
  }
  const letters = [...text];
  let [low, high] = [0, letters.length - 1];
  const cut = (count: number) =>
    letters.slice(0, Math.ceil(count / 2)).join('') +
    '…' +
    letters.slice(letters.length - Math.floor(count / 2)).join('');
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(cut(middle), size) <= room) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return cut(low);
}

export interface Content {
  name: string;
  size: number;
  /** The name where it stands alone, larger. */
  large: string;
  note: string;
  /** Letters of the levels, from the left. */
  badges: { level: 'highly' | 'moderately'; letter: string }[];
}

/** The words of a box: its name, then state and detail (or runtime) as far as they fit beside the badges. */
export function contentOf(box: Box, look: NodeLook, texts: GraphTexts, measure: Measure): Content {
  const badges: Content['badges'] = [];
  if (look.levels.highly) {
    badges.push({ level: 'highly', letter: texts.highlyBadge });
  }
  if (look.levels.moderately) {
    badges.push({ level: 'moderately', letter: texts.moderatelyBadge });
  }
  const whole = box.width - TEXT - RIGHT;
  const marks = badges.length + (look.notebook ? 1 : 0);
  const room = whole - (marks ? marks * (BADGE + 2) + 2 : 0);
  const words = [box.members ? texts.actions(box.members.length) : '', look.label];
  const more = look.detail || (look.runtime && look.runtime !== look.label ? look.runtime : '');
  const long = [...words, more].filter(Boolean).join(' · ');
  const short = words.filter(Boolean).join(' · ');
  const note = measure(long, NOTE_SIZE) <= room ? long : short;
  const size = NAME_SIZES.find(each => measure(box.name, each) <= whole) ?? NAME_SIZES[1];
  return {
    name: shortened(box.name, whole, size, measure),
    size,
    large: shortened(box.name, whole, LARGE_SIZE, measure),
    note: room < 20 ? '' : ending(note, room, measure),
    badges
  };
}

function ending(text: string, room: number, measure: Measure): string {
  if (measure(text, NOTE_SIZE) <= room) {
    return text;
  }
  let letters = [...text];
  while (letters.length && measure(letters.join('') + '…', NOTE_SIZE) > room) {
    letters = letters.slice(0, -1);
  }
  return letters.length > 1 ? letters.join('').trimEnd() + '…' : '';
}

/** The outlines of many boxes as the text of one path. */
export function outlines(boxes: Iterable<Box>): string {
  let text = '';
  for (const { x, y, width, height } of boxes) {
    text += `M${x} ${y}h${width}v${height}h${-width}z`;
  }
  return text;
}
