/** The parts of a YAML text, for colouring: near enough for a project.yaml, and never wrong about the text. Pure. */

export type YamlKind = 'plain' | 'comment' | 'key' | 'string' | 'number';

export interface IYamlSpan {
  kind: YamlKind;
  text: string;
}

/** Characters that are coloured; what follows is shown plain. */
export const HIGHLIGHTED = 20000;

const KEY =
  /^(\s*(?:- +)*)("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#&*!|>'"%@`{}[\],:-][^:#]*?)(\s*:)(?=\s|$)/;
const PIECE =
  /(\s#.*$|^#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<![\w.*/:-])(-?\d+(?:\.\d+)?|true|false|null)(?![\w.*/:-])/g;
const BLOCK = /:\s*[|>][+-]?\d?[+-]?\s*(?:#.*)?$/;

/** The lines of a text in parts; put together, the parts are the text again. */
export function yamlSpans(source: string): IYamlSpan[][] {
  let block: number | null = null;
  let seen = 0;
  return source.split('\n').map(line => {
    seen += line.length + 1;
    if (seen > HIGHLIGHTED) {
      return [{ kind: 'plain', text: line }];
    }
    const indent = line.search(/\S/);
    if (block !== null && (indent < 0 || indent > block)) {
      return [{ kind: 'string', text: line }];
    }
    block = BLOCK.test(line) ? indent : null;
    return parts(line);
  });
}

function parts(line: string): IYamlSpan[] {
  const found: IYamlSpan[] = [];
  const add = (kind: YamlKind, text: string) => {
    if (text) {
      found.push({ kind, text });
    }
  };
  const key = KEY.exec(line);
  let rest = line;
  if (key) {
    add('plain', key[1]);
    add('key', key[2]);
    add('plain', key[3]);
    rest = line.slice(key[0].length);
  }
  let from = 0;
  for (const match of rest.matchAll(PIECE)) {
    add('plain', rest.slice(from, match.index));
    add(match[1] ? 'comment' : match[2] ? 'string' : 'number', match[0]);
    from = match.index + match[0].length;
  }
  add('plain', rest.slice(from));
  return found;
}
