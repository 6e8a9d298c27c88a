/** Where one looks: the view, its movements, and that it is drawn at most once in a frame. */

import { calm } from './dom';
import { Rect } from './types';
import { between, centred, fitted, kept, opened, revealed, Size, View, zoomedAt } from './viewport';

const DURATION = 180;

export class Camera {
  view: View = { x: 0, y: 0, k: 1 };
  screen: Size = { width: 0, height: 0 };
  /** Whether everything is shown on purpose; then a change of size keeps showing everything. */
  private whole = false;
  /** Whether nobody has looked elsewhere since the drawing came. */
  private fresh = true;
  private overview = false;
  private drawing: Size = { width: 1, height: 1 };
  private frame = 0;
  private goal: { from: View; to: View; begin: number } | null = null;

  constructor(private readonly changed: () => void) {}

  /** Another drawing; `keep` leaves the view, `overview` begins with everything even where names cannot be read. */
  setDrawing(drawing: Size, keep: boolean, overview: boolean): void {
    this.drawing = drawing;
    this.overview = overview;
    if (!keep || this.fresh) {
      this.open();
    } else if (this.whole) {
      this.fit(false);
    } else {
      this.go(this.view, false);
    }
  }

  /** A hidden host has no size; what was to be fitted is fitted when it gets one. */
  setScreen(screen: Size): void {
    const before = this.screen;
    this.screen = screen;
    if (!screen.width || !screen.height) {
      return;
    }
    if (this.fresh) {
      this.open();
    } else if (this.whole) {
      this.fit(false);
    } else {
      const { x, y, k } = this.view;
      const dx = (screen.width - before.width) / 2;
      const dy = (screen.height - before.height) / 2;
      this.go({ x: x + dx, y: y + dy, k }, false);
    }
  }

  fit(smooth = true): void {
    this.go(fitted(this.drawing, this.screen), smooth);
    this.whole = true;
  }

  private open(): void {
    this.go((this.overview ? fitted : opened)(this.drawing, this.screen), false);
    this.fresh = true;
  }

  /** Scale 1, about the middle of the screen. */
  reset(): void {
    this.zoom(1 / this.target().k, this.middle(), true);
  }

  zoom(factor: number, at = this.middle(), smooth = false): void {
    const least = fitted(this.drawing, this.screen).k * 0.7;
    this.go(zoomedAt(smooth ? this.target() : this.view, factor, at, least), smooth);
  }

  pan(dx: number, dy: number): void {
    const { x, y, k } = this.view;
    this.go({ x: x + dx, y: y + dy, k }, false);
  }

  /** Bring a rectangle onto the screen with the least movement, at a scale of at least `least` if it fits then. */
  reveal(rect: Rect, least = 0): void {
    if (!this.screen.width) {
      return;
    }
    const from = this.target();
    const most = fitted(rect, this.screen).k;
    const k = Math.min(Math.max(from.k, least), most);
    const to = k === from.k ? revealed(from, rect, this.screen) : centred(rect, this.screen, k);
    if (to !== from) {
      this.go(to, true);
    }
  }

  centre(at: { x: number; y: number }): void {
    this.go(centred({ ...at, width: 0, height: 0 }, this.screen, this.view.k), false);
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.frame = -1;
  }

  private middle(): { x: number; y: number } {
    return { x: this.screen.width / 2, y: this.screen.height / 2 };
  }

  private target(): View {
    return this.goal?.to ?? this.view;
  }

  private go(view: View, smooth: boolean): void {
    this.whole = this.fresh = false;
    const to = kept(view, this.drawing, this.screen);
    if (smooth && !calm()) {
      this.goal = { from: this.view, to, begin: performance.now() };
    } else {
      this.goal = null;
      this.view = to;
    }
    if (!this.frame) {
      this.frame = requestAnimationFrame(now => this.draw(now));
    }
  }

  private draw(now: number): void {
    if (this.frame === -1) {
      return;
    }
    this.frame = 0;
    if (this.goal) {
      const part = Math.min(Math.max((now - this.goal.begin) / DURATION, 0), 1);
      const eased = 1 - Math.pow(1 - part, 3);
      this.view = part === 1 ? this.goal.to : between(this.goal.from, this.goal.to, eased);
      if (part === 1) {
        this.goal = null;
      } else {
        this.frame = requestAnimationFrame(next => this.draw(next));
      }
    }
    this.changed();
  }
}
