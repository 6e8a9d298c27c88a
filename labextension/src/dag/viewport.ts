/** The mathematics of looking at a drawing: pure functions, screen = drawing * k + (x, y). */

import { Rect } from './types';

export interface View {
  x: number;
  y: number;
  k: number;
}

export interface Size {
  width: number;
  height: number;
}

export const CLOSEST = 2.5;
const FARTHEST = 0.08;
const PADDING = 20;
const READABLE = { least: 0.36, shown: 0.55 };
/** So much of the drawing cannot be pushed out of sight. */
const KEPT = 80;

/** The view that shows everything, never enlarged; a small drawing is in the middle. */
export function fitted(drawing: Size, screen: Size): View {
  const across = (screen.width - 2 * PADDING) / Math.max(drawing.width, 1);
  const down = (screen.height - 2 * PADDING) / Math.max(drawing.height, 1);
  const k = Math.max(Math.min(across, down, 1), 0.02);
  return centred({ x: 0, y: 0, ...drawing }, screen, k);
}

/** What is shown first: everything if names can be read then, else the beginning at a scale at which they can. */
export function opened(drawing: Size, screen: Size): View {
  const all = fitted(drawing, screen);
  if (all.k >= READABLE.least) {
    return all;
  }
  const view = centred({ x: 0, y: 0, ...drawing }, screen, READABLE.shown);
  return { ...view, y: Math.max(view.y, PADDING) };
}

/** The view at scale k in whose middle a rectangle of the drawing is. */
export function centred(rect: Rect, screen: Size, k: number): View {
  return {
    x: screen.width / 2 - (rect.x + rect.width / 2) * k,
    y: screen.height / 2 - (rect.y + rect.height / 2) * k,
    k
  };
}

/** Zoom by a factor so that what is under the point of the screen stays there. */
export function zoomedAt(
  view: View,
  factor: number,
  at: { x: number; y: number },
  least: number
): View {
  const k = Math.min(Math.max(view.k * factor, Math.min(least, FARTHEST)), CLOSEST);
  const by = k / view.k;
  return { x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by, k };
}

/** The nearest view in which some of the drawing is still on the screen. */
export function kept(view: View, drawing: Size, screen: Size): View {
  const between = (value: number, length: number, room: number) => {
    const keep = Math.min(KEPT, length, room);
    return Math.min(Math.max(value, keep - length), room - keep);
  };
  return {
    x: between(view.x, drawing.width * view.k, screen.width),
    y: between(view.y, drawing.height * view.k, screen.height),
    k: view.k
  };
}

/** What of the drawing is on the screen, with a margin given in screens. */
export function seen(view: View, screen: Size, margin = 0): Rect {
  const width = screen.width / view.k;
  const height = screen.height / view.k;
  return {
    x: -view.x / view.k - width * margin,
    y: -view.y / view.k - height * margin,
    width: width * (1 + 2 * margin),
    height: height * (1 + 2 * margin)
  };
}

/** The view after the least movement that brings a rectangle onto the screen; the same view if it is there. */
export function revealed(view: View, rect: Rect, screen: Size): View {
  const shift = (low: number, length: number, room: number) => {
    const edge = Math.min(40, Math.max((room - length) / 2, 0));
    if (low < edge) {
      return edge - low;
    }
    return low + length > room - edge ? room - edge - low - length : 0;
  };
  const x = shift(rect.x * view.k + view.x, rect.width * view.k, screen.width);
  const y = shift(rect.y * view.k + view.y, rect.height * view.k, screen.height);
  return x || y ? { x: view.x + x, y: view.y + y, k: view.k } : view;
}

export function toDrawing(view: View, at: { x: number; y: number }): { x: number; y: number } {
  return { x: (at.x - view.x) / view.k, y: (at.y - view.y) / view.k };
}

export function overlaps(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

export function contains(outer: Rect, inner: Rect): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    outer.x + outer.width >= inner.x + inner.width &&
    outer.y + outer.height >= inner.y + inner.height
  );
}

/** The topmost of the boxes at a point of the drawing, found by arithmetic so that it need not be in the document. */
export function hit<T extends Rect>(boxes: readonly T[], at: { x: number; y: number }): T | null {
  for (let index = boxes.length - 1; index >= 0; index--) {
    const box = boxes[index];
    if (at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height) {
      return box;
    }
  }
  return null;
}

/** Part of the way from one view to another; scales are between in ratio, so that zooming looks even. */
export function between(from: View, to: View, part: number): View {
  const k = from.k * Math.pow(to.k / from.k, part);
  const moved = to.k === from.k ? part : (k - from.k) / (to.k - from.k);
  return { x: from.x + (to.x - from.x) * moved, y: from.y + (to.y - from.y) * moved, k };
}
