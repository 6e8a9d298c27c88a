import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cellRuns,
  cellSaid,
  cellTitle,
  nothingToShow,
  pieces,
  sums
} from '../components/differences';
import { ICell } from '../types';
import { trans } from './words';

const cell = (more: Partial<ICell> = {}): ICell => ({
  kind: 'same',
  cell_type: 'code',
  left: 1,
  right: 1,
  rows: [],
  outputs_changed: false,
  ...more
});

test('a line is cut where its marks are', () => {
  const cut = (marks: [number, number][]) => pieces({ line: 1, text: 'abcdef', marks });
  assert.deepEqual(cut([]), [{ text: 'abcdef', differs: false }]);
  assert.deepEqual(cut([[2, 4]]), [
    { text: 'ab', differs: false },
    { text: 'cd', differs: true },
    { text: 'ef', differs: false }
  ]);
  assert.deepEqual(cut([[0, 6]]), [{ text: 'abcdef', differs: true }]);
});

test('whatever the marks, the pieces are the line', () => {
  for (const marks of [
    [[4, 99]],
    [[3, 2]],
    [
      [4, 6],
      [0, 2]
    ],
    [
      [0, 4],
      [2, 5]
    ]
  ] as [number, number][][]) {
    const joined = pieces({ line: 1, text: 'abcdef', marks }).map(piece => piece.text);
    assert.equal(joined.join(''), 'abcdef');
  }
  assert.deepEqual(pieces({ line: 1, text: '', marks: [] }), []);
});

test('unchanged cells are counted, changed ones stay', () => {
  const changed = cell({ kind: 'changed' });
  const outputs = cell({ outputs_changed: true });
  const runs = cellRuns([cell(), cell(), changed, cell(), outputs]);
  assert.deepEqual(
    runs.map(run => run.cell ?? run.unchanged),
    [2, changed, 1, outputs]
  );
});

test('a cell is named by its place now and before', () => {
  assert.equal(cellTitle(cell({ left: 2, right: 3 }), trans), 'Code cell 3, before 2');
  assert.equal(cellTitle(cell({ left: null, right: 3 }), trans), 'Code cell 3');
  assert.equal(cellTitle(cell({ cell_type: 'markdown', right: null }), trans), 'Text cell 1');
  assert.equal(
    cellSaid(cell({ kind: 'changed', outputs_changed: true }), trans),
    'changed, its outputs differ'
  );
  assert.equal(cellSaid(cell({ outputs_changed: true }), trans), 'its outputs differ');
});

test('lines of files that cannot be counted count nothing', () => {
  const file = { path: 'a', change: 'changed', kind: 'text', reason: '' } as const;
  const files = [
    { ...file, added: 3, removed: 1 },
    { ...file, added: null, removed: null }
  ];
  assert.deepEqual(sums(files), { added: 3, removed: 1 });
});

test('there is a sentence where there is nothing to show', () => {
  const found = { request: 'b', with: 'a', number: 1, reason: '', files: [] };
  assert.equal(nothingToShow(found, trans), 'The code is the same.');
  assert.equal(nothingToShow({ ...found, with: null, reason: 'It is new.' }, trans), 'It is new.');
  assert.match(nothingToShow({ ...found, with: null }, trans), /no earlier request/);
});
