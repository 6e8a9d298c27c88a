/**
 * Many boxes or lines as a few elements. One path for what looks alike and stands together: fewer elements than things,
 * and still small enough that what is out of sight costs nothing.
 */

import { put, svg } from './dom';
import { lookOf } from './looks';
import { pathOf } from './scene';
import { outlines } from './shape';
import { GraphTexts } from './texts';
import { Box, Line, Looks, Scene } from './types';

const BAND = 420;
const CELL = 900;

/** What decides how the things look. */
export interface Seen {
  scene: Scene;
  looks: Looks;
  shown: ReadonlySet<string> | null;
}

export const isFaded = ({ shown }: Seen, name: string): boolean => !!shown && !shown.has(name);

export const lineClass = (seen: Seen, { source, target }: Line): string =>
  isFaded(seen, source) || isFaded(seen, target) ? 'jp-mod-faded' : '';

/** The paths below one group, kept from one painting to the next. */
export class Merged {
  private readonly paths = new Map<string, SVGPathElement>();

  constructor(private readonly parent: SVGGElement) {}

  /** All boxes, by state and height. */
  paintBoxes(seen: Seen, texts: GraphTexts): void {
    const parts = new Map<string, Box[]>();
    for (const box of seen.scene.boxes) {
      const { state } = lookOf(box, seen.looks, texts);
      const kind = `jp-mod-${state}${isFaded(seen, box.name) ? ' jp-mod-faded' : ''}`;
      collect(parts, `${kind}/${Math.floor(box.y / BAND)}`, box);
    }
    this.paint(parts, outlines);
  }

  /** All lines, by the place of their middles. */
  paintLines(seen: Seen): void {
    const parts = new Map<string, Line[]>();
    for (const line of seen.scene.lines) {
      const { x, y, width, height } = line.bounds;
      const column = Math.floor((x + width / 2) / CELL);
      const row = Math.floor((y + height / 2) / CELL);
      const long = width > CELL || height > CELL ? 'long' : '';
      collect(parts, `${lineClass(seen, line)}/${row}/${column}${long}`, line);
    }
    this.paint(parts, lines => lines.map(pathOf).join(''));
  }

  private paint<T>(parts: ReadonlyMap<string, T[]>, draw: (things: T[]) => string): void {
    for (const [key, path] of this.paths) {
      if (!parts.has(key)) {
        path.remove();
        this.paths.delete(key);
      }
    }
    for (const [key, things] of parts) {
      let path = this.paths.get(key);
      if (!path) {
        path = svg('path', { class: key.split('/', 1)[0] }, this.parent);
        this.paths.set(key, path);
      }
      put(path, 'd', draw(things));
    }
  }
}

function collect<T>(parts: Map<string, T[]>, key: string, thing: T): void {
  const part = parts.get(key);
  if (part) {
    part.push(thing);
  } else {
    parts.set(key, [thing]);
  }
}
