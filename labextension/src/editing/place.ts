/** Where in a project.yaml a cursor is: below which keys, and in which word. Knows indentation, and no more of YAML. */

export interface IPlace {
  /** The keys above the cursor, from the top; for a value the last one is its own. */
  path: string[];
  /** Whether a key is written there, or a value; an entry of a list is a value of the list's key. */
  kind: 'key' | 'value';
  /** The word before the cursor. */
  word: string;
  /** Where in the text the word begins. */
  start: number;
  /** What stands in the value before the word. */
  before: string;
}

/** A key at a place of the text. */
export interface IKey {
  path: string[];
  from: number;
  to: number;
}

interface ILine {
  indent: number;
  /** Whether it is an entry of a list. */
  isItem: boolean;
  key: string | null;
  /** Where the key begins in the line. */
  column: number;
  value: string;
}

const LINE = /^(\s*)(-\s+)?(?:(["']?)([^\s"'#:][^"'#:]*?)\3\s*:(?=\s|$))?\s*(.*)$/;
/** What cannot be in a word: it separates the entries of lists and the parts of commands. */
const WORD = /[^\s[\],'"]*$/;

/** Where an offset of a text is; null inside a comment. */
export function placeAt(text: string, offset: number): IPlace | null {
  const begin = text.lastIndexOf('\n', offset - 1) + 1;
  const typed = text.slice(begin, offset);
  if (/(^|\s)#/.test(typed)) {
    return null;
  }
  const above = text.slice(0, begin).split('\n').slice(0, -1);
  const line = read(typed);
  const parents = parentsOf(above, line);
  const word = WORD.exec(typed)?.[0] ?? '';
  const start = offset - word.length;
  const value = (before: string, path: string[]): IPlace => ({
    path,
    kind: 'value',
    word,
    start,
    before: before.slice(0, before.length - word.length).trim()
  });
  if (parents.block !== null) {
    return value(parents.block + ' ' + typed.trim(), parents.path);
  }
  if (line.key !== null) {
    return value(line.value, [...parents.path, line.key]);
  }
  return line.isItem
    ? value(line.value, parents.path)
    : {
        path: parents.path,
        kind: 'key',
        word: typed.trim(),
        start: offset - typed.trim().length,
        before: ''
      };
}

/** The key that stands at an offset, or null. */
export function keyAt(text: string, offset: number): IKey | null {
  const begin = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = read(text.slice(begin, end < 0 ? text.length : end));
  const from = begin + line.column;
  if (line.key === null || offset < from || offset > from + line.key.length) {
    return null;
  }
  const parents = parentsOf(text.slice(0, begin).split('\n').slice(0, -1), line);
  return parents.block === null
    ? { path: [...parents.path, line.key], from, to: from + line.key.length }
    : null;
}

/** The names of the actions of a text, in their order. */
export function actionsOf(text: string): string[] {
  const names: string[] = [];
  let isInside = false;
  let depth = -1;
  for (const raw of text.split('\n')) {
    const line = read(raw);
    if (line.key === null || raw.trimStart().startsWith('#')) {
      continue;
    }
    if (line.indent === 0) {
      isInside = line.key === 'actions';
      depth = -1;
    } else if (isInside) {
      depth = depth < 0 ? line.indent : depth;
      if (line.indent === depth) {
        names.push(line.key);
      }
    }
  }
  return names;
}

function read(raw: string): ILine {
  const [, space = '', dash = '', quote = '', key, value = ''] = LINE.exec(raw) ?? [];
  return {
    indent: space.length,
    isItem: dash !== '' || value === '-',
    key: key ?? null,
    column: space.length + dash.length + quote.length,
    value
  };
}

/** The keys that a line is below, and, where it is a line of a block of text, that text so far. */
function parentsOf(above: string[], line: ILine): { path: string[]; block: string | null } {
  const path: string[] = [];
  const texts: string[] = [];
  let block: string | null = null;
  // An entry of a list may stand as far left as the key that it is below.
  let limit = line.isItem ? line.indent + 1 : line.indent;
  for (let number = above.length - 1; number >= 0 && limit > 0; number--) {
    const raw = above[number];
    if (raw.trim() === '' || raw.trimStart().startsWith('#')) {
      continue;
    }
    const found = read(raw);
    if (found.indent >= limit) {
      if (path.length === 0) {
        texts.unshift(raw.trim());
      }
      continue;
    }
    if (found.key === null) {
      texts.unshift(raw.trim());
      continue;
    }
    if (path.length === 0 && /^[|>]/.test(found.value)) {
      block = texts.join(' ');
    }
    path.unshift(found.key);
    limit = found.indent;
  }
  return { path, block };
}
