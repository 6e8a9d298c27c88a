import assert from 'node:assert/strict';
import test from 'node:test';

import { drawable, escaped, toSVG } from '../dag/export';
import { described, lookOf, sameLook } from '../dag/looks';
import {
  filtered,
  neighbours,
  readingOrder,
  relationsOf,
  step,
  withAncestors
} from '../dag/relations';
import { boundsOf, connection, headOf, pathOf, sceneOf } from '../dag/scene';
import { contentOf, estimate, shortened } from '../dag/shape';
import { ENGLISH } from '../dag/texts';
import { GraphData, GraphNode, NodeLook, NodeState } from '../dag/types';
import {
  between,
  contains,
  fitted,
  hit,
  kept,
  opened,
  revealed,
  seen,
  toDrawing,
  zoomedAt
} from '../dag/viewport';

const node = (name: string, x: number, y: number, layer = 0): GraphNode => ({
  name,
  x,
  y,
  width: 100,
  height: 34,
  layer
});

const line = (source: string, target: string): GraphData['edges'][number] => ({
  source,
  target,
  points: [
    [0, 0],
    [0, 10],
    [5, 10],
    [5, 20]
  ]
});

/** Two needed by a third, which is needed by two more; one stands apart. */
const GRAPH: GraphData = {
  width: 500,
  height: 300,
  nodes: [
    node('get_a', 0, 0),
    node('get_b', 200, 0),
    node('join', 100, 100, 1),
    node('plot_x', 0, 200, 2),
    node('plot_y', 200, 200, 2),
    node('alone', 400, 0)
  ],
  edges: [
    line('get_a', 'join'),
    line('get_b', 'join'),
    line('join', 'plot_x'),
    line('join', 'plot_y'),
    line('get_b', 'plot_y')
  ]
};

const look = (state: NodeState, more: Partial<NodeLook> = {}): NodeLook => ({
  state,
  label: state,
  levels: { highly: false, moderately: false },
  ...more
});

const scene = sceneOf(GRAPH);
const order = readingOrder(scene.boxes);
const from = (way: Parameters<typeof step>[0], name: string, before: string | null = null) =>
  step(way, scene.box.get(name)!, order, scene.relations, before)?.name ?? null;

test('everything is fitted in the middle and never enlarged', () => {
  assert.deepEqual(fitted({ width: 100, height: 50 }, { width: 400, height: 300 }), {
    x: 150,
    y: 125,
    k: 1
  });
  const { k } = fitted({ width: 3600, height: 100 }, { width: 400, height: 300 });
  assert.equal(k, 0.1);
});

test('what cannot be read as a whole begins at the top, readable', () => {
  const drawing = { width: 1100, height: 590 };
  assert.deepEqual(opened(drawing, { width: 1200, height: 700 }).k, 1);
  const view = opened(drawing, { width: 300, height: 200 });
  assert.deepEqual([view.k, view.y], [0.55, 20]);
});

test('zooming keeps the place under the pointer and ends at its limits', () => {
  const at = { x: 120, y: 80 };
  const before = { x: 10, y: 20, k: 0.8 };
  const after = zoomedAt(before, 1.5, at, 0.1);
  const [was, is] = [toDrawing(before, at), toDrawing(after, at)];
  assert.ok(Math.abs(was.x - is.x) < 1e-9 && Math.abs(was.y - is.y) < 1e-9);
  assert.equal(zoomedAt(before, 1000, at, 0.1).k, 2.5);
  assert.equal(zoomedAt(before, 1e-6, at, 0.03).k, 0.03);
});

test('the drawing cannot be pushed out of sight', () => {
  const screen = { width: 400, height: 300 };
  const view = kept({ x: -5000, y: 9000, k: 1 }, { width: 1000, height: 800 }, screen);
  assert.deepEqual(view, { x: -920, y: 220, k: 1 });
});

test('a box in sight is left there, another is brought in by the least movement', () => {
  const view = { x: 0, y: 0, k: 1 };
  const screen = { width: 400, height: 300 };
  assert.equal(revealed(view, { x: 100, y: 100, width: 50, height: 20 }, screen), view);
  const moved = revealed(view, { x: 500, y: 100, width: 50, height: 20 }, screen);
  assert.deepEqual(moved, { x: -190, y: 0, k: 1 });
  assert.ok(contains(seen(moved, screen), { x: 500, y: 100, width: 50, height: 20 }));
});

test('movements begin and end at their views', () => {
  const [a, b] = [
    { x: 0, y: 0, k: 0.5 },
    { x: 100, y: -50, k: 2 }
  ];
  assert.deepEqual(between(a, b, 0), a);
  assert.deepEqual(between(a, b, 1), b);
  assert.equal(between(a, b, 0.5).k, 1);
});

test('the box at a place is found by arithmetic', () => {
  assert.equal(hit(scene.boxes, { x: 150, y: 110 })?.name, 'join');
  assert.equal(hit(scene.boxes, { x: 150, y: 60 }), null);
});

test('keys follow lines, and back the way they came', () => {
  assert.equal(from('down', 'get_a'), 'join');
  assert.equal(from('up', 'join', 'get_b'), 'get_b');
  assert.equal(from('up', 'plot_y'), 'get_b');
  assert.equal(from('up', 'plot_y', 'join'), 'join');
  assert.equal(from('up', 'get_a'), null);
});

test('keys reach every box sideways, also those without lines', () => {
  assert.deepEqual(
    order.map(box => box.name),
    ['get_a', 'get_b', 'alone', 'join', 'plot_x', 'plot_y']
  );
  assert.equal(from('right', 'get_b'), 'alone');
  assert.equal(from('right', 'alone'), 'join');
  assert.equal(from('left', 'get_a'), null);
  assert.equal(from('first', 'plot_y'), 'get_a');
  assert.equal(from('last', 'get_a'), 'plot_y');
});

test('needs that go in a circle, or to itself, end', () => {
  const circle = relationsOf(['a', 'b'], [line('a', 'b'), line('b', 'a'), line('a', 'a')]);
  assert.deepEqual(circle.needs.get('a'), ['b']);
  assert.deepEqual([...withAncestors(['a'], circle)].sort(), ['a', 'b']);
  assert.deepEqual([...neighbours(new Set(['a']), circle)], ['b']);
});

test('a filter finds by words, states and levels, and counts what it found without the ancestors', () => {
  const names = GRAPH.nodes.map(each => each.name);
  const looks = new Map([
    ['plot_x', look('failed', { levels: { highly: false, moderately: true } })],
    ['get_a', look('stale', { levels: { highly: true, moderately: false } })]
  ]);
  const find = (filter: Parameters<typeof filtered>[3]) => {
    const { found, shown } = filtered(names, looks, scene.relations, filter);
    return [[...found].sort(), [...shown].sort()];
  };
  const chain = ['get_a', 'get_b', 'join', 'plot_x'];
  assert.deepEqual(find({ states: ['failed'], withAncestors: true }), [['plot_x'], chain]);
  assert.deepEqual(find({ states: ['failed', 'stale'] })[0], ['get_a', 'plot_x']);
  assert.deepEqual(find({ text: ' PLOT  y' })[0], ['plot_y']);
  assert.deepEqual(find({ level: 'highly' })[0], ['get_a']);
  assert.deepEqual(find({ text: 'plot', level: 'highly' })[0], []);
});

test('actions below a prefix are one box, and their lines are joined', () => {
  const collapsed = sceneOf(GRAPH, ['get_', 'plot']);
  assert.deepEqual(
    collapsed.boxes.map(box => box.name),
    ['join', 'alone', 'get_', 'plot']
  );
  assert.deepEqual(collapsed.box.get('get_')?.members, ['get_a', 'get_b']);
  assert.deepEqual(
    collapsed.lines.map(each => `${each.source}>${each.target}`),
    ['get_>join', 'join>plot', 'get_>plot']
  );
  assert.equal(collapsed.boxOf.get('plot_y')?.name, 'plot');
  const [first] = collapsed.lines;
  const [box, target] = [collapsed.box.get('get_')!, collapsed.box.get('join')!];
  assert.deepEqual(first.points[0], [box.x + box.width / 2, box.y + box.height]);
  assert.deepEqual(first.points.at(-1), [target.x + target.width / 2, target.y]);
});

test('a group stands where no line has to go upwards, if there is such a place', () => {
  const nodes = [
    node('do_a', 0, 0),
    node('other', 200, 100, 1),
    node('do_b', 0, 100, 1),
    node('do_c', 0, 200, 2),
    node('do_d', 0, 300, 3)
  ];
  const edges = [line('other', 'do_c'), line('do_a', 'do_b')];
  const collapsed = sceneOf({ width: 300, height: 340, nodes, edges }, ['do_']);
  assert.equal(collapsed.box.get('do_')!.y, 200);
  const [down] = collapsed.lines;
  assert.ok(down.points[0][1] < down.points.at(-1)![1]);
});

test('a prefix of a single action changes nothing, and the longest prefix counts', () => {
  assert.deepEqual(sceneOf(GRAPH, ['join', '', 'nothing']).boxes.length, 6);
  const nested = sceneOf(GRAPH, ['p', 'plot_']);
  assert.ok(nested.box.has('plot_') && !nested.box.has('p'));
});

test('lines that belong to no group keep the points of the layout', () => {
  assert.equal(scene.lines[0].points, GRAPH.edges[0].points);
  assert.equal(pathOf(GRAPH.edges[0]), 'M0 0C0 10 5 10 5 20');
  assert.equal(headOf(GRAPH.edges[0]), 'M8 15L5 20L2 15');
  assert.deepEqual(boundsOf(GRAPH.edges[0].points), { x: -1, y: -1, width: 7, height: 22 });
});

test('boxes beside each other are joined at their sides, and upwards from top to bottom', () => {
  const sideways = connection(node('a', 0, 0), node('b', 300, 10));
  assert.deepEqual(
    [sideways[0], sideways[3]],
    [
      [100, 17],
      [300, 27]
    ]
  );
  const upwards = connection(node('a', 0, 200), node('b', 0, 0));
  assert.deepEqual(
    [upwards[0], upwards[3]],
    [
      [50, 200],
      [50, 34]
    ]
  );
});

test('a group shows its worst state and all of its levels', () => {
  const looks = new Map([
    ['get_a', look('succeeded', { levels: { highly: true, moderately: false } })],
    ['get_b', look('failed', { levels: { highly: false, moderately: true } })]
  ]);
  const group = sceneOf(GRAPH, ['get_']).box.get('get_')!;
  const shown = lookOf(group, looks, ENGLISH);
  assert.equal(shown.state, 'failed');
  assert.equal(shown.label, '1 failed, 1 succeeded');
  assert.deepEqual(shown.levels, { highly: true, moderately: true });
});

test('a box is described in words', () => {
  const words = described(
    scene.box.get('join')!,
    look('running', {
      label: 'Running',
      progress: 0.404,
      runtime: 'python:v2',
      notebook: true,
      levels: { highly: true, moderately: false }
    }),
    scene.relations,
    ENGLISH
  );
  assert.equal(
    words,
    'join, Running, 40% done, runs in python:v2, notebook, highly sensitive outputs, needs 2, needed by 2'
  );
});

test('looks are the same only if nothing that is seen differs', () => {
  assert.ok(sameLook(look('running', { progress: 0.5 }), look('running', { progress: 0.5 })));
  assert.ok(!sameLook(look('running', { progress: 0.5 }), look('running', { progress: 0.6 })));
  assert.ok(!sameLook(undefined, look('none')));
});

test('long names are shortened in the middle and keep whole letters', () => {
  assert.equal(shortened('short', 100, 12, estimate), 'short');
  const cut = shortened('generate_study_population_ethnicity', 120, 12, estimate);
  assert.match(cut, /^gen.*….*city$/);
  assert.ok(estimate(cut, 12) <= 120);
  assert.match(shortened('😀😀😀😀😀😀', 40, 12, estimate), /^😀*…😀*$/u);
});

test('what does not fit beside the badges is left out, the state last', () => {
  const wide = { ...node('join', 0, 0), width: 232, members: null };
  const full = look('stale', { label: 'Stale', runtime: 'python:v2' });
  assert.equal(contentOf(wide, full, ENGLISH, estimate).note, 'Stale · python:v2');
  const narrow = { ...wide, width: 80 };
  assert.equal(contentOf(narrow, full, ENGLISH, estimate).note, 'Stale');
});

test('an exported picture holds hostile names as text', () => {
  const name = `a<script>alert("1")</script>&'\u0000\u000b`;
  const data = { ...GRAPH, nodes: [{ ...node(name, 0, 0), width: 900 }], edges: [] };
  const text = toSVG({
    scene: sceneOf(data),
    looks: new Map([[name, look('failed', { label: '<b>' })]]),
    shown: null,
    texts: ENGLISH,
    measure: estimate
  });
  assert.ok(!text.includes('<script') && !text.includes('<b>') && !text.includes('\u0000'));
  assert.ok(text.includes('a&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;'));
  assert.ok(!/var\(|class=|style=/.test(text), 'it needs no style sheet');
  assert.match(text, /^<\?xml [^>]*>\n<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="500"/);
});

test('lone halves of letters do not break an exported picture', () => {
  assert.equal(escaped('a\ud800b\u{1f600}'), 'ab\u{1f600}');
});

test('what a filter fades is pale in an exported picture', () => {
  const shown = new Set(['join']);
  const picture = { scene, looks: new Map(), shown, texts: ENGLISH, measure: estimate };
  const groups = toSVG(picture).match(/<g transform="[^"]*" opacity="0.25">/g);
  assert.equal(groups?.length, 5);
});

test('pictures that a browser cannot draw are made smaller', () => {
  assert.equal(drawable(500, 300, 2), 2);
  const scale = drawable(9000, 5500, 2);
  assert.ok(9000 * scale <= 16384 && 9000 * scale * 5500 * scale <= 64e6 + 1);
});
