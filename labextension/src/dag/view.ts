/** The graph of a pipeline in a host element. No framework and no network; strings and positions come from outside. */

import { Announcer } from './announcer';
import { Words } from './box';
import { Camera } from './camera';
import { div, put, svg } from './dom';
import { toPNG, toSVG } from './export';
import { Gestures } from './gestures';
import { press } from './keys';
import { described, lookOf } from './looks';
import { Minimap } from './minimap';
import { membersOf, Model } from './model';
import { Way } from './relations';
import { boundsOf } from './scene';
import { FONT, measureWith } from './shape';
import { Stage, WHOLE } from './stage';
import { ENGLISH, GraphTexts } from './texts';
import { Box, GraphCallbacks, GraphData, GraphFilter, NodeLook } from './types';
import { hit, toDrawing } from './viewport';

/** Keys and searches lead to boxes that can be read. */
const LEGIBLE = 0.6;

export class GraphView {
  private readonly texts: GraphTexts;
  private readonly root: HTMLDivElement;
  private readonly sheet: HTMLDivElement;
  private readonly image: SVGSVGElement;
  private readonly none: HTMLDivElement;
  private readonly words: Words;
  private readonly model = new Model();
  private readonly camera: Camera;
  private readonly stage: Stage;
  private readonly minimap: Minimap;
  private readonly announcer: Announcer;
  private readonly gestures: Gestures;
  private readonly resized: ResizeObserver;
  private readonly ending = new AbortController();
  private hovered: Box | null = null;

  constructor(
    host: HTMLElement,
    private readonly callbacks: GraphCallbacks = {},
    texts: Partial<GraphTexts> = {}
  ) {
    this.texts = { ...ENGLISH, ...texts };
    this.root = div('jp-dag', host);
    this.sheet = div('jp-dag-sheet', this.root);
    const layer = div('jp-dag-layer', this.sheet);
    this.image = svg('svg', { class: 'jp-dag-image' }, layer);
    this.none = div('jp-dag-none', this.root);
    this.describe();
    const measure = measureWith(getComputedStyle(this.root).fontFamily || FONT);
    const { picture } = this.model;
    this.words = { texts: this.texts, measure, relations: picture.scene.relations };
    this.camera = new Camera(() => this.look());
    this.stage = new Stage(layer, this.image, picture, this.words);
    this.minimap = new Minimap(this.root, this.camera, this.words);
    this.announcer = new Announcer(this.root, this.texts);
    this.gestures = new Gestures(this.sheet, this.camera, {
      click: (at, adds) => this.click(this.boxAt(at), adds),
      open: at => this.open(this.boxAt(at)),
      menu: (at, event) => this.menu(at, event),
      hover: at => this.hover(at && this.boxAt(at))
    });
    this.listen();
    this.resized = new ResizeObserver(() => {
      this.camera.setScreen({ width: this.root.clientWidth, height: this.root.clientHeight });
    });
    this.resized.observe(this.root);
    this.drawScene();
  }

  /** The names of the selected actions. */
  get selected(): string[] {
    return [...this.model.chosen];
  }

  /** Draw another graph; the view stays where it was if the names are the same. */
  setGraph(data: GraphData): void {
    const same = this.model.setGraph(data);
    this.drawScene();
    this.camera.setDrawing(data, same && data.nodes.length > 0, data.nodes.length > WHOLE);
  }

  /** Show how actions are now; only what changed is touched. Actions that are not named lose their look. */
  setLooks(looks: ReadonlyMap<string, NodeLook>): void {
    const first = this.model.picture.looks.size === 0;
    const changes = this.model.setLooks(looks);
    if (!changes) {
      return;
    }
    this.stage.relook(this.model.picture, changes.boxes);
    if (this.model.filtersLooks) {
      this.refilter();
    }
    if (changes.states.size) {
      this.minimap.setPicture(this.model.picture);
    }
    if (!first) {
      this.announcer.changedTo(changes.states, looks);
    }
  }

  /** Fade what does not match; gives how many actions match (what they need is shown, but not counted). */
  setFilter(filter: GraphFilter): number {
    this.model.setFilter(filter);
    this.restyle();
    return this.model.found;
  }

  /** Draw the actions below each prefix as one box. */
  setCollapsed(prefixes: string[]): void {
    this.model.setCollapsed(prefixes);
    this.drawScene();
  }

  /** Select these actions and no others; `reveal` brings them into view. */
  select(names: string[], reveal = false): void {
    const { boxOf } = this.model.picture.scene;
    this.model.choose(names);
    const boxes = this.selected.map(name => boxOf.get(name)!);
    if (boxes.length) {
      this.model.focus(boxes[0]);
    }
    this.restyle();
    if (reveal && boxes.length) {
      const corners = boxes.flatMap<[number, number]>(box => [
        [box.x, box.y],
        [box.x + box.width, box.y + box.height]
      ]);
      this.camera.reveal(boundsOf(corners), LEGIBLE);
    }
  }

  fit(): void {
    this.camera.fit();
  }

  zoomBy(factor: number): void {
    this.camera.zoom(factor, undefined, true);
  }

  resetZoom(): void {
    this.camera.reset();
  }

  /** Give the whole drawing as a complete SVG document in light colours. */
  toSVG(): string {
    const { scene, shown, looks } = this.model.picture;
    return toSVG({ scene, shown, looks, texts: this.texts, measure: measureWith(FONT) });
  }

  /** Give the same as a PNG, smaller than asked for if it would be too large for the browser. */
  toPNG(scale = 2): Promise<Blob> {
    return toPNG(this.toSVG(), this.model.picture.scene, scale, this.texts);
  }

  dispose(): void {
    this.ending.abort();
    this.resized.disconnect();
    this.camera.dispose();
    this.gestures.dispose();
    this.stage.dispose();
    this.minimap.dispose();
    this.announcer.dispose();
    this.root.remove();
  }

  // -- what is drawn --

  private describe(): void {
    const keys = div('jp-dag-live', this.root);
    keys.id = `jp-dag-${Math.random().toString(36).slice(2)}`;
    keys.textContent = this.texts.keys;
    this.none.textContent = this.texts.empty;
    put(this.image, 'aria-label', this.texts.graph);
    put(this.image, 'aria-describedby', keys.id);
  }

  private drawScene(): void {
    const had = this.image.contains(document.activeElement);
    const { picture } = this.model;
    this.words.relations = picture.scene.relations;
    this.hovered = null;
    this.stage.setScene(picture);
    this.minimap.setPicture(picture);
    const some = picture.order.length > 0;
    this.none.hidden = some;
    put(this.image, 'role', some ? 'listbox' : 'img');
    if (some) {
      put(this.image, 'aria-multiselectable', 'true');
    } else {
      this.image.removeAttribute('aria-multiselectable');
    }
    if (had && picture.focused) {
      this.stage.element(picture.focused)?.focus({ preventScroll: true });
    }
  }

  private restyle(): void {
    this.stage.restyle(this.model.picture);
    this.minimap.setFaded(this.model.picture);
  }

  /** Live states changed what the filter finds. */
  private refilter(): void {
    const before = this.model.found;
    this.model.refilter();
    this.restyle();
    if (this.model.found !== before) {
      this.callbacks.matches?.(this.model.found);
    }
  }

  private look(): void {
    if (this.camera.screen.width && this.camera.screen.height) {
      this.stage.look(this.camera.view, this.camera.screen);
      this.minimap.look();
    }
  }

  // -- what the reader does --

  private listen(): void {
    const { signal } = this.ending;
    const pressed = (event: KeyboardEvent) => {
      if (press(event, this.keyMeanings)) {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    this.image.addEventListener('keydown', pressed, { signal });
    // A click without a press comes from a screen reader.
    const clicked = (event: MouseEvent) => {
      if (event.detail === 0) {
        this.click(this.boxOf(event.target), false);
      }
    };
    this.image.addEventListener('click', clicked, { signal });
    this.image.addEventListener('focusin', event => this.focusedBy(event), { signal });
    // The browser scrolls to what gets the focus; here the view moves instead.
    const still = (event: Event) => (event.target as Element).scrollTo(0, 0);
    this.root.addEventListener('scroll', still, { signal, capture: true });
  }

  private readonly keyMeanings = {
    step: (way: Way, adds: boolean) => this.step(way, adds),
    open: () => this.open(this.model.focusBox()),
    toggle: () => this.click(this.model.focusBox(), true),
    all: () => this.choose(this.model.reachable().flatMap(membersOf)),
    zoom: (factor: number) => this.zoomBy(factor),
    fit: () => this.fit(),
    clear: () => {
      const had = this.model.chosen.size > 0;
      if (had) {
        this.choose([]);
      }
      return had;
    }
  };

  private boxAt(at: { x: number; y: number }): Box | null {
    return hit(this.model.picture.scene.boxes, toDrawing(this.camera.view, at));
  }

  private boxOf(target: EventTarget | null): Box | null {
    const group = (target as Element).closest('[role=option]');
    const { order } = this.model.picture;
    return order.find(box => group && this.stage.shows(box.name) === group) ?? null;
  }

  private step(way: Way, adds: boolean): void {
    const to = this.model.next(way);
    if (!to) {
      return;
    }
    this.focus(to, this.model.picture.focused);
    this.camera.reveal(to, LEGIBLE);
    if (adds) {
      this.choose([...this.model.chosen, ...membersOf(to)]);
    }
  }

  private focus(box: Box, cameFrom: string | null = null): void {
    this.model.focus(box, cameFrom);
    this.stage.refocus(this.model.picture);
    this.stage.element(box.name)?.focus({ preventScroll: true });
  }

  /** The focus came by Tab or from a screen reader. */
  private focusedBy(event: FocusEvent): void {
    const box = this.boxOf(event.target);
    if (box && (event.target as Element).matches(':focus-visible')) {
      this.camera.reveal(box);
    }
    if (box && box.name !== this.model.picture.focused) {
      this.model.focus(box);
      this.stage.refocus(this.model.picture);
    }
  }

  private click(box: Box | null, adds: boolean): void {
    if (box) {
      this.focus(box);
      this.choose(this.model.chosenWith(box, adds));
    } else if (!adds && this.model.chosen.size) {
      this.choose([]);
    }
  }

  private choose(names: Iterable<string>): void {
    this.model.choose(names);
    this.restyle();
    this.callbacks.select?.(this.selected);
  }

  /** Open an action, or unfold a group. */
  private open(box: Box | null): void {
    if (box?.members) {
      this.setCollapsed(this.model.prefixes.filter(prefix => prefix !== box.name));
      this.callbacks.collapsed?.([...this.model.prefixes]);
    } else if (box) {
      this.callbacks.open?.(box.name);
    }
  }

  /** The menu key gives no place; then it is about the box with the focus. */
  private menu(at: { x: number; y: number }, event: MouseEvent): void {
    const box = event.button === 2 ? this.boxAt(at) : this.model.focusBox();
    if (box && this.callbacks.menu) {
      event.preventDefault();
      this.callbacks.menu(box.name, event);
    }
  }

  private hover(box: Box | null): void {
    if (box !== this.hovered) {
      this.hovered = box;
      this.sheet.classList.toggle('jp-mod-over', box !== null);
      // Boxes that are merged have no title of their own.
      const { looks, scene } = this.model.picture;
      const own = box && this.stage.shows(box.name);
      const words = (one: Box) =>
        described(one, lookOf(one, looks, this.texts), scene.relations, this.texts);
      this.sheet.title = box && !own ? words(box) : '';
      this.stage.setHover(box);
    }
  }
}
