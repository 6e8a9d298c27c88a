/** From Python's layout to what is drawn: actions below a collapsed prefix become one box, their lines are joined. */

import { Box, GraphData, GraphEdge, GraphNode, Line, Rect, Scene } from './types';
import { relationsOf } from './relations';

type Point = [number, number];

/** The drawing with the actions below each prefix as one box; the longest fitting prefix counts, one action stays. */
export function sceneOf(data: GraphData, prefixes: readonly string[] = []): Scene {
  const groups = grouped(data.nodes, prefixes);
  const boxOf = new Map<string, Box>();
  const boxes: Box[] = [];
  for (const node of data.nodes) {
    if (!groups.has(node.name)) {
      const box = { ...node, members: null };
      boxes.push(box);
      boxOf.set(node.name, box);
    }
  }
  for (const [prefix, nodes] of new Set(groups.values())) {
    const box = groupBox(prefix, nodes, data);
    boxes.push(box);
    nodes.forEach(node => boxOf.set(node.name, box));
  }
  const lines = joined(data.edges, boxOf);
  const box = new Map(boxes.map(each => [each.name, each]));
  const relations = relationsOf(box.keys(), lines);
  return { width: data.width, height: data.height, boxes, lines, box, boxOf, relations };
}

type Group = readonly [string, GraphNode[]];

function grouped(nodes: readonly GraphNode[], prefixes: readonly string[]): Map<string, Group> {
  const longest = [...new Set(prefixes)].filter(Boolean).sort((a, b) => b.length - a.length);
  const groups = new Map<string, Group>();
  for (const node of nodes) {
    const prefix = longest.find(each => node.name.startsWith(each));
    if (prefix !== undefined) {
      groups.set(prefix, groups.get(prefix) ?? [prefix, []]);
      groups.get(prefix)![1].push(node);
    }
  }
  const own = new Map<string, Group>();
  for (const group of groups.values()) {
    if (group[1].length > 1) {
      group[1].forEach(node => own.set(node.name, group));
    }
  }
  return own;
}

/**
 * A group takes the place of one of its actions: that place is free, so nothing is covered. It is the one from which the
 * fewest lines go upwards or sideways, and of these the nearest to the middle.
 */
function groupBox(prefix: string, nodes: readonly GraphNode[], data: GraphData): Box {
  const mean = (pick: (node: GraphNode) => number) =>
    nodes.reduce((sum, node) => sum + pick(node), 0) / nodes.length;
  const x = mean(node => node.x + node.width / 2);
  const y = mean(node => node.y + node.height / 2);
  const away = (node: GraphNode) =>
    Math.hypot(node.x + node.width / 2 - x, node.y + node.height / 2 - y) - node.width;
  const astray = strays(nodes, data);
  const isBetter = (one: GraphNode, other: GraphNode) =>
    astray(one) - astray(other) || away(one) - away(other);
  const place = [...nodes].sort(isBetter)[0];
  return { ...place, name: prefix, members: nodes.map(node => node.name) };
}

/** Counts the lines that would not go downwards if a group stood where one of its actions stands. */
function strays(nodes: readonly GraphNode[], data: GraphData): (place: GraphNode) => number {
  const own = new Set(nodes.map(node => node.name));
  const tops = new Map(data.nodes.map(node => [node.name, node.y]));
  const above: number[] = [];
  const below: number[] = [];
  for (const { source, target } of data.edges) {
    if (own.has(target) && !own.has(source)) {
      above.push(tops.get(source)!);
    } else if (own.has(source) && !own.has(target)) {
      below.push(tops.get(target)!);
    }
  }
  const counted = new Map<number, number>();
  return ({ y }) => {
    const count =
      counted.get(y) ?? above.filter(top => top >= y).length + below.filter(top => top <= y).length;
    counted.set(y, count);
    return count;
  };
}

function joined(edges: readonly GraphEdge[], boxOf: ReadonlyMap<string, Box>): Line[] {
  const lines = new Map<string, Line>();
  for (const edge of edges) {
    const source = boxOf.get(edge.source);
    const target = boxOf.get(edge.target);
    if (!source || !target || (source === target && source.members)) {
      continue;
    }
    const key = JSON.stringify([source.name, target.name]);
    if (!lines.has(key)) {
      const points = source.members || target.members ? connection(source, target) : edge.points;
      const ends = { source: source.name, target: target.name };
      lines.set(key, { ...ends, points, bounds: boundsOf(points) });
    }
  }
  return [...lines.values()];
}

/** One curve from border to border: downwards where the target is below, else upwards or sideways. */
export function connection(source: Rect, target: Rect): Point[] {
  const middle = (rect: Rect): Point => [rect.x + rect.width / 2, rect.y + rect.height / 2];
  const [sx, sy] = middle(source);
  const [tx, ty] = middle(target);
  if (Math.abs(ty - sy) < (source.height + target.height) / 2) {
    const way = tx > sx ? 1 : -1;
    const from: Point = [sx + (way * source.width) / 2, sy];
    const to: Point = [tx - (way * target.width) / 2, ty];
    const bend = (to[0] - from[0]) / 2;
    return [from, [from[0] + bend, sy], [to[0] - bend, ty], to];
  }
  const way = ty > sy ? 1 : -1;
  const from: Point = [sx, sy + (way * source.height) / 2];
  const to: Point = [tx, ty - (way * target.height) / 2];
  const bend = (to[1] - from[1]) / 2;
  return [from, [sx, from[1] + bend], [tx, to[1] - bend], to];
}

/** A rectangle in which the whole curve is: a cubic stays within its four points. */
export function boundsOf(points: readonly Point[]): Rect {
  let [left, top] = points[0];
  let [right, bottom] = points[0];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { x: left - 1, y: top - 1, width: right - left + 2, height: bottom - top + 2 };
}

/** The text of the SVG path along a line. */
export function pathOf({ points }: GraphEdge): string {
  let text = `M${points[0][0]} ${points[0][1]}`;
  for (let index = 1; index + 2 < points.length; index += 3) {
    const [a, b, c] = [points[index], points[index + 1], points[index + 2]];
    text += `C${a[0]} ${a[1]} ${b[0]} ${b[1]} ${c[0]} ${c[1]}`;
  }
  return text;
}

/** A small open arrow head at the end of a line, in the direction in which it arrives. */
export function headOf({ points }: GraphEdge): string {
  const [x, y] = points[points.length - 1];
  const before = [...points].reverse().find(([px, py]) => px !== x || py !== y) ?? [x, y - 1];
  const length = Math.hypot(x - before[0], y - before[1]);
  const [ux, uy] = [(x - before[0]) / length, (y - before[1]) / length];
  const side = (sign: number) =>
    `${round(x - 5 * ux + sign * 3 * uy)} ${round(y - 5 * uy - sign * 3 * ux)}`;
  return `M${side(1)}L${x} ${y}L${side(-1)}`;
}

const round = (value: number) => Math.round(value * 10) / 10;
