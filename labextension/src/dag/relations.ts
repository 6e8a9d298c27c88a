/** Who needs whom, and what follows from it: ancestors, where the arrow keys lead, what a filter shows. */

import { Box, GraphEdge, GraphFilter, Looks, Relations } from './types';

export type Way = 'up' | 'down' | 'left' | 'right' | 'first' | 'last';

/** Needs and users of all names; an action that needs itself is not its own neighbour. */
export function relationsOf(names: Iterable<string>, edges: readonly GraphEdge[]): Relations {
  const needs = new Map<string, string[]>();
  const users = new Map<string, string[]>();
  for (const name of names) {
    needs.set(name, []);
    users.set(name, []);
  }
  for (const { source, target } of edges) {
    if (source !== target && needs.has(source) && needs.has(target)) {
      needs.get(target)!.push(source);
      users.get(source)!.push(target);
    }
  }
  return { needs, users };
}

/** The given names and all that they need, directly or not. */
export function withAncestors(names: Iterable<string>, relations: Relations): Set<string> {
  const found = new Set(names);
  const open = [...found];
  while (open.length) {
    for (const need of relations.needs.get(open.pop()!) ?? []) {
      if (!found.has(need)) {
        found.add(need);
        open.push(need);
      }
    }
  }
  return found;
}

/** The direct neighbours of some names, without these. */
export function neighbours(names: ReadonlySet<string>, relations: Relations): Set<string> {
  const found = new Set<string>();
  for (const name of names) {
    for (const other of [
      ...(relations.needs.get(name) ?? []),
      ...(relations.users.get(name) ?? [])
    ]) {
      if (!names.has(other)) {
        found.add(other);
      }
    }
  }
  return found;
}

/** Boxes as they are read: row by row. Boxes whose middles are at one height make a row. */
export function readingOrder(boxes: readonly Box[]): Box[] {
  const middle = (box: Box) => box.y + box.height / 2;
  return [...boxes].sort((a, b) => middle(a) - middle(b) || a.x - b.x);
}

/**
 * Where an arrow key leads, or null. Up and down follow lines, to the nearest sideways, and back to `from` if one came
 * from there; left and right go through the reading order, so that every box can be reached.
 */
export function step(
  way: Way,
  at: Box,
  order: readonly Box[],
  relations: Relations,
  from: string | null = null
): Box | null {
  if (way === 'up' || way === 'down') {
    const names = new Set((way === 'up' ? relations.needs : relations.users).get(at.name));
    const others = order.filter(box => names.has(box.name));
    return others.find(box => box.name === from) ?? nearest(at, others);
  }
  if (way === 'first' || way === 'last') {
    return order.at(way === 'first' ? 0 : -1) ?? null;
  }
  const place = order.findIndex(box => box.name === at.name);
  return order[place + (way === 'left' ? -1 : 1)] ?? null;
}

function nearest(at: Box, others: readonly Box[]): Box | null {
  const away = (box: Box) => Math.abs(box.x + box.width / 2 - at.x - at.width / 2);
  return others.reduce<Box | null>(
    (best, box) => (best === null || away(box) < away(best) ? box : best),
    null
  );
}

export function isEmpty(filter: GraphFilter): boolean {
  return !filter.text?.trim() && !filter.states?.length && !filter.level;
}

/** What a filter finds (`found`) and what is shown for it (`shown`: with ancestors, where these are asked for). */
export function filtered(
  names: readonly string[],
  looks: Looks,
  relations: Relations,
  filter: GraphFilter
): { found: Set<string>; shown: Set<string> } {
  const words = (filter.text ?? '').toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const states = filter.states?.length ? new Set(filter.states) : null;
  const found = new Set(
    names.filter(name => {
      const look = looks.get(name);
      const text = name.toLocaleLowerCase();
      return (
        words.every(word => text.includes(word)) &&
        (!states || states.has(look?.state ?? 'none')) &&
        (!filter.level || !!look?.levels[filter.level])
      );
    })
  );
  return { found, shown: filter.withAncestors ? withAncestors(found, relations) : found };
}
