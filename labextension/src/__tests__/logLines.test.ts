import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appended,
  EMPTY,
  KEPT,
  marked,
  noted,
  places,
  plainText,
  shownBlocks
} from '../components/logLines';

function lines(log: typeof EMPTY): string[] {
  return shownBlocks(log).flatMap(block => block.lines.map(line => line.text));
}

test('a line may come in parts', () => {
  const log = appended(appended(EMPTY, 'one\ntw'), 'o\nthree');
  assert.deepEqual(lines(log), ['one', 'two', 'three']);
  assert.equal(plainText(log), 'one\ntwo\nthree\n');
});

test('a sequence may be cut between two parts, and its colour goes on', () => {
  const log = appended(appended(EMPTY, 'a \x1b[3'), '1mred\nstill red\n');
  const [first, second] = shownBlocks(log)[0].lines;
  assert.equal(first.text, 'a red');
  assert.deepEqual(second.spans[0].style, { colour: 'red' });
});

test('a line that is written over again and again does not grow', () => {
  let log = EMPTY;
  for (let i = 0; i < 5000; i++) {
    log = appended(log, `\rstep ${i} of 5000`);
  }
  assert.deepEqual(lines(log), ['step 4999 of 5000']);
  assert.ok(log.open.length < 100000);
});

test('old lines are dropped and counted, and full blocks stay the same', () => {
  let log = EMPTY;
  for (let i = 0; i < 60; i++) {
    log = appended(log, 'x\n'.repeat(200));
  }
  const count = lines(log).length;
  assert.ok(count >= KEPT && count < KEPT + 500);
  assert.equal(log.dropped, 12000 - count);
  const [first] = log.blocks;
  assert.equal(appended(log, 'y\n').blocks[0], first);
});

test('a word is found in capitals or not, and its pieces are marked across colours', () => {
  const log = appended(EMPTY, 'an Er\x1b[31mror and an error\nnone\n');
  const found = places(log.blocks, 'error');
  assert.deepEqual(found, [
    { line: 1, from: 3, to: 8 },
    { line: 1, from: 16, to: 21 }
  ]);
  const pieces = marked(log.blocks[0].lines[0], found);
  assert.deepEqual(
    pieces.filter(piece => piece.place).map(piece => piece.text),
    ['Er', 'ror', 'error']
  );
  assert.equal(pieces.map(piece => piece.text).join(''), 'an Error and an error');
  assert.deepEqual(places(log.blocks, ''), []);
});

test('a note stands between what was read before and after', () => {
  const log = appended(noted(appended(EMPTY, 'one\nhalf'), 'a gap'), 'two\n');
  assert.deepEqual(lines(log), ['one', 'half', 'a gap', 'two']);
});
