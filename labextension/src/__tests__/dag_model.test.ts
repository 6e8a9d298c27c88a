import assert from 'node:assert/strict';
import test from 'node:test';

import { summary } from '../dag/announcer';
import { press } from '../dag/keys';
import { Model } from '../dag/model';
import { ENGLISH } from '../dag/texts';
import { GraphData, NodeLook, NodeState } from '../dag/types';

const NAMES = ['get_a', 'get_b', 'join'];

const GRAPH: GraphData = {
  width: 400,
  height: 200,
  nodes: NAMES.map((name, place) => ({
    name,
    x: place * 120,
    y: place === 2 ? 100 : 0,
    width: 100,
    height: 34,
    layer: place === 2 ? 1 : 0
  })),
  edges: [
    {
      source: 'get_a',
      target: 'join',
      points: [
        [50, 34],
        [50, 60],
        [290, 60],
        [290, 100]
      ]
    },
    {
      source: 'get_b',
      target: 'join',
      points: [
        [170, 34],
        [170, 60],
        [290, 60],
        [290, 100]
      ]
    }
  ]
};

const looks = (...states: NodeState[]) =>
  new Map<string, NodeLook>(
    states.map((state, place) => [
      NAMES[place],
      { state, label: state, levels: { highly: false, moderately: false } }
    ])
  );

function opened(): Model {
  const model = new Model();
  model.setGraph(GRAPH);
  return model;
}

test('only what changed is told, by box, and nothing if nothing did', () => {
  const model = opened();
  assert.deepEqual([...model.setLooks(looks('none', 'none', 'none'))!.boxes], NAMES);
  assert.equal(model.setLooks(looks('none', 'none', 'none')), null);
  model.setCollapsed(['get_']);
  const changes = model.setLooks(looks('none', 'failed', 'none'))!;
  assert.deepEqual([[...changes.boxes], [...changes.states]], [['get_'], ['failed']]);
});

test('a group stands for its actions when it is selected', () => {
  const model = opened();
  model.setCollapsed(['get_']);
  const group = model.picture.scene.box.get('get_')!;
  model.choose(model.chosenWith(group, false));
  assert.deepEqual([...model.chosen], ['get_a', 'get_b']);
  assert.deepEqual([...model.picture.near], ['join']);
  assert.deepEqual(model.chosenWith(group, true), []);
  model.setCollapsed([]);
  assert.deepEqual([...model.picture.selected], ['get_a', 'get_b']);
});

test('a selection of part of a group is kept, and the group is not shown as selected', () => {
  const model = opened();
  model.choose(['get_a', 'gone']);
  model.setCollapsed(['get_']);
  assert.deepEqual([[...model.chosen], model.picture.selected.size], [['get_a'], 0]);
});

test('the focus goes to the group that an action disappears in', () => {
  const model = opened();
  model.focus(model.picture.scene.box.get('get_b')!);
  model.setCollapsed(['get_']);
  assert.equal(model.picture.focused, 'get_');
});

test('another graph is told from a new drawing of the same one', () => {
  const model = opened();
  assert.equal(model.setGraph({ ...GRAPH, width: 900 }), true);
  assert.equal(model.setGraph({ ...GRAPH, nodes: GRAPH.nodes.slice(1) }), false);
});

test('keys leave out what the filter fades', () => {
  const model = opened();
  model.setFilter({ text: 'get' });
  model.focus(model.picture.scene.box.get('get_a')!);
  assert.equal(model.next('down'), null);
  assert.equal(model.next('last')?.name, 'get_b');
  assert.equal(model.found, 2);
});

test('changes are said as totals of the states that some came into', () => {
  const all = looks('running', 'failed', 'running');
  assert.equal(summary(all, new Set(['failed', 'running']), ENGLISH), '2 running, 1 failed');
});

test('keys of the browser and of JupyterLab are left alone', () => {
  const did: string[] = [];
  const meanings = {
    step: (way: string) => did.push(way),
    open: () => did.push('open'),
    toggle: () => did.push('toggle'),
    all: () => did.push('all'),
    zoom: (factor: number) => did.push(factor > 1 ? 'in' : 'out'),
    fit: () => did.push('fit'),
    clear: () => false
  };
  const key = (name: string, more = {}) => press({ key: name, ...more } as KeyboardEvent, meanings);
  assert.ok(!key('c', { ctrlKey: true }) && !key('ArrowLeft', { altKey: true }) && !key('Tab'));
  assert.ok(!key('Escape'), 'with nothing to clear it belongs to others');
  assert.ok(key('ArrowUp') && key('+') && key('0') && key('a', { ctrlKey: true }));
  assert.deepEqual(did, ['up', 'in', 'fit', 'all']);
});
