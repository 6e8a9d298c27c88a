/** Mouse, pen, fingers and wheel, as what they mean: move, zoom, click, open, menu. Boxes are found by arithmetic. */

import { Camera } from './camera';

export interface Meanings {
  /** A click, with whether it adds to what is selected. */
  click(at: Point, adds: boolean): void;
  open(at: Point): void;
  menu(at: Point, event: MouseEvent): void;
  hover(at: Point | null): void;
}

interface Point {
  x: number;
  y: number;
}

/** A press that moves less than this is a click. */
const STILL = 4;

export class Gestures {
  private readonly pressed = new Map<number, Point>();
  private begin: Point | null = null;
  private moving = false;
  private readonly ending = new AbortController();

  constructor(
    private readonly root: HTMLElement,
    private readonly camera: Camera,
    private readonly meanings: Meanings
  ) {
    const { signal } = this.ending;
    const on = <K extends keyof HTMLElementEventMap>(
      type: K,
      listener: (event: HTMLElementEventMap[K]) => void
    ) => root.addEventListener(type, listener, { signal });
    on('pointerdown', event => this.press(event));
    on('pointermove', event => this.move(event));
    on('pointerup', event => this.release(event));
    on('pointercancel', event => this.forget(event));
    on('pointerleave', () => meanings.hover(null));
    on('dblclick', event => meanings.open(this.at(event)));
    on('contextmenu', event => meanings.menu(this.at(event), event));
    root.addEventListener('wheel', event => this.wheel(event), { signal, passive: false });
  }

  dispose(): void {
    this.ending.abort();
    this.pressed.clear();
  }

  private at(event: MouseEvent): Point {
    const { left, top } = this.root.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private press(event: PointerEvent): void {
    if (event.button !== 0) {
      return;
    }
    event.preventDefault();
    this.pressed.set(event.pointerId, this.at(event));
    this.begin = this.pressed.size === 1 ? this.at(event) : null;
    this.moving = this.pressed.size > 1;
  }

  private move(event: PointerEvent): void {
    const before = this.pressed.get(event.pointerId);
    const at = this.at(event);
    if (!before) {
      this.meanings.hover(at);
      return;
    }
    if (!this.moving && Math.hypot(at.x - this.begin!.x, at.y - this.begin!.y) < STILL) {
      return;
    }
    if (!this.moving) {
      this.moving = true;
      this.root.setPointerCapture(event.pointerId);
      this.root.classList.add('jp-mod-moving');
      this.meanings.hover(null);
    }
    const other = [...this.pressed].find(([pointer]) => pointer !== event.pointerId)?.[1];
    this.pressed.set(event.pointerId, at);
    if (other) {
      this.pinch(before, at, other);
    } else {
      this.camera.pan(at.x - before.x, at.y - before.y);
    }
  }

  /** One finger moved from `before` to `at`, the other stands. */
  private pinch(before: Point, at: Point, other: Point): void {
    const distance = (point: Point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.camera.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.camera.zoom(distance(at) / distance(before), middle);
  }

  private release(event: PointerEvent): void {
    const was = this.pressed.has(event.pointerId);
    const moved = this.moving;
    this.forget(event);
    if (was && !moved && !this.pressed.size) {
      this.meanings.click(this.at(event), event.shiftKey || event.ctrlKey || event.metaKey);
    }
  }

  private forget(event: PointerEvent): void {
    this.pressed.delete(event.pointerId);
    if (!this.pressed.size) {
      this.moving = false;
      this.root.classList.remove('jp-mod-moving');
    }
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const unit = [1, 16, 400][event.deltaMode] ?? 1;
    if (event.shiftKey && !event.ctrlKey) {
      this.camera.pan(-(event.deltaX || event.deltaY) * unit, 0);
      return;
    }
    // A pinch on a touchpad comes as a wheel with Ctrl, in smaller steps.
    const speed = event.ctrlKey ? 0.008 : 0.0018;
    const turn = Math.min(Math.max(event.deltaY * unit * speed, -0.5), 0.5);
    this.camera.zoom(Math.exp(-turn), this.at(event));
  }
}
