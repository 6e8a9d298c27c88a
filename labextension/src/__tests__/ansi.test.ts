import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classesOf, PLAIN, spansOf, textOf } from '../ansi';

const ESC = '\x1b[';

function shown(line: string): string {
  return textOf(spansOf(line).spans);
}

test('a line without colours is one plain piece', () => {
  assert.deepEqual(spansOf('all is well').spans, [{ text: 'all is well', style: PLAIN }]);
  assert.deepEqual(spansOf('').spans, []);
});

test('a colour holds until it is reset', () => {
  const { spans } = spansOf(`a${ESC}1;31mb${ESC}0mc`);
  assert.deepEqual(spans, [
    { text: 'a', style: {} },
    { text: 'b', style: { bold: true, colour: 'red' } },
    { text: 'c', style: {} }
  ]);
});

test('a style goes on in the next line', () => {
  const first = spansOf(`${ESC}32mgreen`);
  assert.deepEqual(spansOf('still', first.style).spans, [
    { text: 'still', style: { colour: 'green' } }
  ]);
  assert.deepEqual(spansOf(`${ESC}39m`, first.style).style, {});
});

test('bright and background colours become those of the theme', () => {
  assert.deepEqual(spansOf(`${ESC}91;104mx`).spans[0].style, {
    colour: 'red',
    background: 'blue'
  });
});

test('colours of the palette and by their parts become the nearest ones', () => {
  const colour = (code: string) => spansOf(`${ESC}${code}mx`).spans[0].style.colour;
  assert.equal(colour('38;5;1'), 'red');
  assert.equal(colour('38;5;46'), 'green');
  assert.equal(colour('38;5;240'), 'black');
  assert.equal(colour('38;2;250;10;240'), 'magenta');
  assert.equal(colour('38;2;240;240;240'), 'white');
  assert.equal(colour('38;5;999'), undefined);
});

test('what follows a colour by its parts still counts', () => {
  assert.deepEqual(spansOf(`${ESC}38;5;2;1mx`).spans[0].style, { colour: 'green', bold: true });
  assert.deepEqual(spansOf(`${ESC}38;2;0;0;250;4mx`).spans[0].style, {
    colour: 'blue',
    underline: true
  });
});

test('a carriage return writes over the line, as progress bars do', () => {
  assert.equal(shown('10%\r50%\r100%'), '100%');
  assert.equal(shown('abcdef\rxy'), 'xycdef');
  assert.equal(shown(`abcdef\r${ESC}Kxy`), 'xy');
});

test('a backspace goes back one place', () => {
  assert.equal(shown('ab\bc'), 'ac');
  assert.equal(shown('\b\bc'), 'c');
});

test('other sequences are left out', () => {
  assert.equal(shown(`a${ESC}2Jb${ESC}10;5Hc`), 'abc');
  assert.equal(shown('a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c'), 'abc');
});

test('characters that would steer the page are shown as unknown', () => {
  assert.equal(shown('a\x00b\u202ec\x1b'), 'a\ufffdb\ufffdc\ufffd');
  assert.equal(shown('tab\there'), 'tab\there');
});

test('markup is text', () => {
  assert.equal(shown('<b>&amp;</b>'), '<b>&amp;</b>');
});

test('a long line that is made to be slow is read to its end', () => {
  for (const part of ['\x1b[', '\x1b]', '\x1b[1;', '\x1b[ ', 'a\r']) {
    assert.ok(shown(`${part.repeat(50000)}\rend`).startsWith('end'));
  }
});

test('a style has class names', () => {
  assert.equal(
    classesOf({ colour: 'red', background: 'blue', bold: true }),
    'jp-pipeline-ansi-red jp-pipeline-ansi-on-blue jp-pipeline-ansi-bold'
  );
  assert.equal(classesOf(PLAIN), '');
});
