import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefixesOf } from '../components/groups';

const names = (...groups: [string, number][]) =>
  groups.flatMap(([prefix, count]) => Array.from({ length: count }, (_, n) => `${prefix}${n}`));

test('three names that begin with the same words are a group', () => {
  const all = names(['make_table_', 4], ['make_plot_', 2], ['join', 5]);
  assert.deepEqual(prefixesOf(all), [
    { prefix: 'make_', count: 6 },
    { prefix: 'make_table_', count: 4 }
  ]);
});

test('a beginning of all names, or of the same names as a longer one, is no group', () => {
  assert.deepEqual(prefixesOf(names(['a_b_', 3])), []);
  assert.deepEqual(prefixesOf([...names(['a_b_', 3]), 'c']), [{ prefix: 'a_b_', count: 3 }]);
});

test('thousands of names give a list that can be read', () => {
  const all = Array.from({ length: 3000 }, (_, n) => `g${n % 100}-part_${n}`);
  assert.equal(prefixesOf(all).length, 30);
});
