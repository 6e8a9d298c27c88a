/** The lines of a log that is followed: what is appended, what is kept, and where a word is in it. Pure. */

import { ISpan, IStyle, PLAIN, spansOf, textOf } from '../ansi';

/** Lines of one block; a block that is full never changes, so it is drawn once. */
const BLOCK = 250;
/** Lines that are kept; older ones are dropped, a block at a time. */
export const KEPT = 5000;
/** Characters of a line without an end that are kept as one. */
const LONGEST = 20000;
/** Places of a word that are found at most. */
export const FOUND = 2000;

export interface ILine {
  number: number;
  spans: ISpan[];
  text: string;
}

export interface IBlock {
  /** The number of its first line, which names it. */
  first: number;
  lines: readonly ILine[];
}

export interface ILog {
  blocks: readonly IBlock[];
  /** Lines that were shown once and are not kept. */
  dropped: number;
  /** The last line as long as it has no end, and the style that it begins in. */
  open: string;
  style: IStyle;
  next: number;
}

export const EMPTY: ILog = { blocks: [], dropped: 0, open: '', style: PLAIN, next: 1 };

/** The log with more text at its end. */
export function appended(log: ILog, text: string): ILog {
  const ends = (log.open + text).split('\n');
  let open = ends.pop() ?? '';
  if (open.length > LONGEST) {
    const again = open.lastIndexOf('\r', open.length - 2);
    if (again > 0) {
      open = open.slice(again + 1);
    }
    while (open.length > LONGEST) {
      ends.push(open.slice(0, LONGEST));
      open = open.slice(LONGEST);
    }
  }
  let { style, next } = log;
  const lines: ILine[] = [];
  for (const end of ends) {
    const made = lineOf(end, style, next++);
    style = made.style;
    lines.push(made.line);
  }
  return dropped({ ...log, blocks: blocked(log.blocks, lines), open, style, next });
}

/** A line of our own between the others, such as one that says what is missing. */
export function noted(log: ILog, note: string): ILog {
  const style: IStyle = { dim: true, italic: true };
  const { open: _, ...ended } = log.open ? appended(log, '\n') : log;
  const line = { number: ended.next, spans: [{ text: note, style }], text: note };
  return { ...ended, blocks: blocked(ended.blocks, [line]), open: '', next: ended.next + 1 };
}

/** The blocks with the line that has no end yet. */
export function shownBlocks(log: ILog): readonly IBlock[] {
  if (!log.open) {
    return log.blocks;
  }
  const { line } = lineOf(log.open, log.style, log.next);
  return [...log.blocks, { first: log.next, lines: [line] }];
}

/** The text of all lines that are kept. */
export function plainText(log: ILog): string {
  return shownBlocks(log)
    .flatMap(block => block.lines.map(line => `${line.text}\n`))
    .join('');
}

export interface IPlace {
  line: number;
  from: number;
  to: number;
}

/** Where a word is, in capitals or not. */
export function places(blocks: readonly IBlock[], word: string): IPlace[] {
  const found: IPlace[] = [];
  const sought = word.toLowerCase();
  if (!sought) {
    return found;
  }
  for (const block of blocks) {
    for (const line of block.lines) {
      const text = line.text.toLowerCase();
      for (let at = text.indexOf(sought); at >= 0; at = text.indexOf(sought, at + sought.length)) {
        found.push({ line: line.number, from: at, to: at + sought.length });
        if (found.length >= FOUND) {
          return found;
        }
      }
    }
  }
  return found;
}

export interface IMarked extends ISpan {
  /** The place that this piece belongs to. */
  place: IPlace | null;
}

/** The pieces of a line, cut where places begin and end. */
export function marked(line: ILine, found: readonly IPlace[]): IMarked[] {
  const pieces: IMarked[] = [];
  let at = 0;
  for (const { text, style } of line.spans) {
    const end = at + text.length;
    let from = at;
    for (const place of found) {
      const begin = Math.max(place.from, from);
      const stop = Math.min(place.to, end);
      if (begin >= stop) {
        continue;
      }
      if (begin > from) {
        pieces.push({ text: text.slice(from - at, begin - at), style, place: null });
      }
      pieces.push({ text: text.slice(begin - at, stop - at), style, place });
      from = stop;
    }
    if (from < end) {
      pieces.push({ text: text.slice(from - at), style, place: null });
    }
    at = end;
  }
  return pieces;
}

function lineOf(text: string, style: IStyle, number: number): { line: ILine; style: IStyle } {
  const made = spansOf(text.endsWith('\r') ? text.slice(0, -1) : text, style);
  return { line: { number, spans: made.spans, text: textOf(made.spans) }, style: made.style };
}

function blocked(blocks: readonly IBlock[], lines: readonly ILine[]): readonly IBlock[] {
  if (lines.length === 0) {
    return blocks;
  }
  const grown = [...blocks];
  let rest = lines;
  const last = grown[grown.length - 1];
  if (last && last.lines.length < BLOCK) {
    const more = rest.slice(0, BLOCK - last.lines.length);
    grown[grown.length - 1] = { first: last.first, lines: [...last.lines, ...more] };
    rest = rest.slice(more.length);
  }
  for (let at = 0; at < rest.length; at += BLOCK) {
    grown.push({ first: rest[at].number, lines: rest.slice(at, at + BLOCK) });
  }
  return grown;
}

function dropped(log: ILog): ILog {
  let count = log.blocks.reduce((sum, block) => sum + block.lines.length, 0);
  let gone = 0;
  let first = 0;
  while (count - log.blocks[first]?.lines.length >= KEPT) {
    count -= log.blocks[first].lines.length;
    gone += log.blocks[first].lines.length;
    first += 1;
  }
  return first ? { ...log, blocks: log.blocks.slice(first), dropped: log.dropped + gone } : log;
}
