import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byAction } from '../components/outputGroups';

test('outputs are grouped by action, in the order of project.yaml', () => {
  const outputs = ['plot', 'gone', 'extract', 'plot'].map((action, at) => ({ action, at }));
  const groups = byAction(outputs, ['extract', 'idle', 'plot']);
  assert.deepEqual(
    groups.map(([action, files]) => [action, files.map(one => one.at)]),
    [
      ['extract', [2]],
      ['plot', [0, 3]],
      ['gone', [1]]
    ]
  );
});
