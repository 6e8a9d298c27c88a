import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HIGHLIGHTED, yamlSpans } from '../components/yamlSpans';

const SOURCE = `version: "3.0"  # the oldest

actions:
  describe:
    run: python:v2 python analysis/describe.py --rate 0.5
    needs: [one, 'two']
    outputs:
      highly_sensitive:
        rows: output/x_*.csv
    note: |
      key: "text" # text
  other: {a: 1}
`;

function kinds(line: string): string[] {
  return yamlSpans(line)[0]
    .filter(span => span.kind !== 'plain')
    .map(span => `${span.kind} ${span.text.trim()}`);
}

test('the parts are the text', () => {
  const together = yamlSpans(SOURCE)
    .map(spans => spans.map(span => span.text).join(''))
    .join('\n');
  assert.equal(together, SOURCE);
});

test('keys, strings, numbers and comments are told apart', () => {
  assert.deepEqual(kinds('version: "3.0"  # the oldest'), [
    'key version',
    'string "3.0"',
    'comment # the oldest'
  ]);
  assert.deepEqual(kinds('  population_size: 1000'), ['key population_size', 'number 1000']);
  assert.deepEqual(kinds('# all: of it'), ['comment # all: of it']);
  assert.deepEqual(kinds('  run: python:v2 python a.py'), ['key run']);
  assert.deepEqual(kinds('  needs: [one, "a # b"]'), ['key needs', 'string "a # b"']);
});

test('a block is a string to its end', () => {
  const spans = yamlSpans(SOURCE);
  assert.deepEqual(spans[10], [{ kind: 'string', text: '      key: "text" # text' }]);
  assert.equal(spans[11][1].kind, 'key');
});

test('what is beyond the most is plain', () => {
  const spans = yamlSpans('key: 1\n'.repeat(HIGHLIGHTED / 7 + 10));
  assert.equal(spans[0][0].kind, 'key');
  assert.deepEqual(spans[spans.length - 2], [{ kind: 'plain', text: 'key: 1' }]);
});

test('lines that are made to be slow are read to their end', () => {
  for (const part of ['a ', '"\\', "'", '- ', ' #', '1.', 'a:', '\t']) {
    const line = part.repeat(9000 / part.length);
    assert.equal(
      yamlSpans(line)[0]
        .map(span => span.text)
        .join(''),
      line
    );
  }
});
