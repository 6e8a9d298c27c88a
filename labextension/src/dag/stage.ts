/**
 * What is in the document. Small drawings stand there whole. Of large ones only what is in view, and from far away a
 * few merged paths, because thousands of elements take too long to draw.
 */

import { BoxElement, Words } from './box';
import { put, svg } from './dom';
import { lookOf } from './looks';
import { isFaded, lineClass, Merged } from './merged';
import { headOf, pathOf } from './scene';
import { Box, Line, Looks, Rect, Scene } from './types';
import { contains, overlaps, seen, Size, View } from './viewport';

/** Up to so many boxes everything is in the document. */
export const WHOLE = 300;
/** Below these scales: names only; no words at all. */
const NO_NOTES = 0.62;
const NO_WORDS = 0.3;
/** Large drawings are merged below this scale. */
const MERGED = 0.42;
/** Beyond the screen, in screens, so that not every movement brings new elements. */
const MARGIN = 0.35;
/** Boxes that are made in one frame. */
const BUDGET = 40;
/** While the scale changes the picture is only stretched, by this at most, and drawn sharply after a rest. */
const STRETCH = { least: 0.45, most: 4 };
const REST = 110;

/** All that decides how a scene looks just now; names are those of boxes. */
export interface Picture {
  scene: Scene;
  order: readonly Box[];
  places: ReadonlyMap<string, number>;
  looks: Looks;
  /** Boxes that the filter shows; null if all. */
  shown: ReadonlySet<string> | null;
  selected: ReadonlySet<string>;
  near: ReadonlySet<string>;
  focused: string | null;
}

export class Stage {
  private readonly world: SVGGElement;
  private readonly farLines: Merged;
  private readonly lines: SVGGElement;
  private readonly lit: SVGPathElement;
  private readonly hover: SVGPathElement;
  private readonly farBoxes: Merged;
  private readonly boxes: SVGGElement;
  private readonly boxElements = new Map<string, BoxElement>();
  private readonly lineElements = new Map<Line, SVGPathElement>();
  private filled: Rect | null = null;
  private detailed = false;
  private farStale = true;
  private frame = 0;
  private view: View = { x: 0, y: 0, k: 1 };
  private screen: Size = { width: 0, height: 0 };

  /** The scale at which the drawing is in the document; the layer is stretched to that of the view. */
  private scale = 0;
  private resting: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly layer: HTMLElement,
    private readonly root: SVGSVGElement,
    private picture: Picture,
    private readonly words: Words
  ) {
    this.world = svg('g', {}, root);
    const far = (name: string) => new Merged(svg('g', { class: `jp-dag-far-${name}` }, this.world));
    this.farLines = far('lines');
    this.lines = svg('g', { class: 'jp-dag-lines' }, this.world);
    this.hover = svg('path', { class: 'jp-dag-hover' }, this.world);
    this.lit = svg('path', { class: 'jp-dag-lit' }, this.world);
    this.farBoxes = far('boxes');
    this.boxes = svg('g', { class: 'jp-dag-nodes' }, this.world);
  }

  /** A new scene: everything is made again. */
  setScene(picture: Picture): void {
    this.boxElements.clear();
    this.lineElements.clear();
    this.boxes.replaceChildren();
    this.lines.replaceChildren();
    this.hover.removeAttribute('d');
    this.filled = null;
    this.restyle(picture);
    if (this.scale) {
      this.settle();
    }
  }

  /** Filter, selection or focus changed. */
  restyle(picture: Picture): void {
    this.picture = picture;
    this.farStale = true;
    for (const element of this.boxElements.values()) {
      this.style(element);
    }
    for (const [line, element] of this.lineElements) {
      put(element, 'class', lineClass(this.picture, line));
    }
    const { scene, selected } = picture;
    const lit = scene.lines.filter(line => selected.has(line.source) || selected.has(line.target));
    put(this.lit, 'd', lit.map(line => pathOf(line) + headOf(line)).join(''));
    this.root.classList.toggle('jp-mod-selecting', selected.size > 0);
    this.keepNeeded();
    this.drawFar();
  }

  /** Another box has the focus. */
  refocus(picture: Picture): void {
    const before = this.picture.focused;
    this.picture = picture;
    for (const name of [before, picture.focused]) {
      const element = this.boxElements.get(name ?? '');
      if (element) {
        this.style(element);
      }
    }
    this.keepNeeded();
  }

  /** Some actions look different; `boxes` are the names of their boxes. */
  relook(picture: Picture, boxes: Iterable<string>): void {
    this.picture = picture;
    this.farStale = true;
    for (const name of boxes) {
      const element = this.boxElements.get(name);
      if (element) {
        element.setLook(lookOf(element.box, picture.looks, this.words.texts), this.words);
        this.style(element);
      }
    }
    this.drawFar();
  }

  setHover(box: Box | null): void {
    const { lines } = this.picture.scene;
    const touched = box
      ? lines.filter(line => line.source === box.name || line.target === box.name)
      : [];
    put(this.hover, 'd', touched.map(line => pathOf(line) + headOf(line)).join(''));
  }

  /** The view changed: the layer is moved and stretched, which draws nothing again, until the scale has settled. */
  look(view: View, screen: Size): void {
    this.view = view;
    this.screen = screen;
    if (view.k !== this.scale) {
      const by = view.k / this.scale;
      clearTimeout(this.resting);
      this.resting = setTimeout(() => this.settle(), REST);
      if (!this.scale) {
        this.settle();
      } else if (by < STRETCH.least || by > STRETCH.most) {
        // Nothing is made while the scale still changes; what is missing then is seen merged.
        this.root.classList.toggle('jp-mod-filling', !this.isWhole && this.detailed);
        this.drawFar();
        this.rescale();
        if (view.k < MERGED) {
          this.update();
        }
      }
    } else if (this.resting === undefined) {
      this.update();
    }
    this.place();
  }

  private settle(): void {
    clearTimeout(this.resting);
    this.resting = undefined;
    this.rescale();
    this.place();
    this.update();
  }

  private place(): void {
    const { x, y, k } = this.view;
    const by = k / this.scale;
    const sharp = (value: number) => Math.round(value * devicePixelRatio) / devicePixelRatio;
    this.layer.style.transform =
      by === 1
        ? `translate(${sharp(x)}px, ${sharp(y)}px)`
        : `translate(${x}px, ${y}px) scale(${by})`;
  }

  private rescale(): void {
    this.scale = this.view.k;
    const { width, height } = this.picture.scene;
    put(this.root, 'width', Math.ceil(width * this.scale));
    put(this.root, 'height', Math.ceil(height * this.scale));
    put(this.world, 'transform', `scale(${this.scale})`);
  }

  /** Bring into the document what the view needs now. */
  private update(): void {
    const { k } = this.view;
    const { classList } = this.root;
    classList.toggle('jp-mod-no-notes', k < NO_NOTES);
    classList.toggle('jp-mod-no-words', k < (this.isWhole ? NO_WORDS : MERGED));
    if (this.isWhole) {
      if (!this.filled) {
        this.fill(Infinity);
      }
      return;
    }
    const detailed = k >= MERGED;
    if (detailed !== this.detailed) {
      this.detailed = detailed;
      this.filled = null;
    }
    if (!detailed) {
      if (!this.filled) {
        this.empty();
      }
    } else if (!this.filled || !contains(this.filled, seen(this.view, this.screen))) {
      this.fill(BUDGET);
    }
  }

  /** The element of a box, made if it was out of view. */
  element(name: string): SVGGElement | null {
    const box = this.picture.scene.box.get(name);
    return box ? this.make(box).group : null;
  }

  /** The element of a box if it is in the document. */
  shows(name: string): SVGGElement | undefined {
    return this.boxElements.get(name)?.group;
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.frame = -1;
    clearTimeout(this.resting);
    this.boxElements.clear();
    this.lineElements.clear();
    this.world.remove();
  }

  private get isWhole(): boolean {
    return this.picture.scene.boxes.length <= WHOLE;
  }

  private needed(name: string): boolean {
    return name === this.picture.focused || this.picture.selected.has(name);
  }

  /** From far: only what is focused or selected is an element of its own. */
  private empty(): void {
    this.filled = seen(this.view, this.screen);
    cancelAnimationFrame(this.frame);
    for (const [name, element] of this.boxElements) {
      if (!this.needed(name)) {
        element.group.remove();
        this.boxElements.delete(name);
      }
    }
    this.lines.replaceChildren();
    this.lineElements.clear();
    this.keepNeeded();
    this.root.classList.add('jp-mod-far');
    this.root.classList.remove('jp-mod-filling');
    this.drawFar();
  }

  private keepNeeded(): void {
    const { focused, selected } = this.picture;
    if (focused) {
      this.element(focused);
    }
    if (selected.size <= 40) {
      selected.forEach(name => this.element(name));
    }
  }

  /** Bring what is in view into the document, some boxes in each frame, and then take out what is not. */
  private fill(budget: number): void {
    const { scene } = this.picture;
    const area = this.isWhole
      ? { x: -Infinity, y: -Infinity, width: Infinity, height: Infinity }
      : seen(this.view, this.screen, MARGIN);
    const inside = (rect: Rect) => this.isWhole || overlaps(rect, area);
    let made = 0;
    for (const box of scene.boxes) {
      if (inside(box) && !this.boxElements.has(box.name) && made < budget) {
        this.make(box);
        made++;
      }
    }
    this.root.classList.remove('jp-mod-far');
    this.root.classList.toggle('jp-mod-filling', made === budget);
    if (made === budget) {
      this.drawFar();
      this.later();
      return;
    }
    for (const [name, element] of this.boxElements) {
      if (!inside(element.box) && !this.needed(name)) {
        element.group.remove();
        this.boxElements.delete(name);
      }
    }
    this.fillLines(inside);
    this.filled = area;
  }

  private later(): void {
    if (this.frame !== -1) {
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => {
        if (this.detailed) {
          this.fill(BUDGET);
        }
      });
    }
  }

  private fillLines(inside: (rect: Rect) => boolean): void {
    for (const line of this.picture.scene.lines) {
      const element = this.lineElements.get(line);
      if (!inside(line.bounds)) {
        element?.remove();
        this.lineElements.delete(line);
      } else if (!element) {
        const d = pathOf(line) + headOf(line);
        const made = svg('path', { d, class: lineClass(this.picture, line) }, this.lines);
        this.lineElements.set(line, made);
      }
    }
  }

  private make(box: Box): BoxElement {
    let element = this.boxElements.get(box.name);
    if (!element) {
      element = new BoxElement(box, this.boxes);
      element.setLook(lookOf(box, this.picture.looks, this.words.texts), this.words);
      this.boxElements.set(box.name, element);
      this.style(element);
    }
    return element;
  }

  private style(element: BoxElement): void {
    const { near, selected, places, order, focused } = this.picture;
    const { name } = element.box;
    element.setMarks({
      faded: isFaded(this.picture, name),
      near: near.has(name),
      selected: selected.has(name),
      place: (places.get(name) ?? 0) + 1,
      of: order.length
    });
    put(element.group, 'tabindex', name === focused ? 0 : -1);
  }

  private drawFar(): void {
    const { classList } = this.root;
    const visible = classList.contains('jp-mod-far') || classList.contains('jp-mod-filling');
    if (!visible || !this.farStale) {
      return;
    }
    this.farStale = false;
    this.farBoxes.paintBoxes(this.picture, this.words.texts);
    this.farLines.paintLines(this.picture);
  }
}
