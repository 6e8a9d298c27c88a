/** The graph of a pipeline in the output of a cell: the drawing of the panel, moved by the page's own scroll bars. */

import { Announcer } from '../dag/announcer';
import { BoxElement, Words } from '../dag/box';
import { div, put, svg } from '../dag/dom';
import { press } from '../dag/keys';
import { sameLook } from '../dag/looks';
import { readingOrder, relationsOf, step, Way } from '../dag/relations';
import { headOf, pathOf } from '../dag/scene';
import { FONT, measureWith } from '../dag/shape';
import { ENGLISH } from '../dag/texts';
import { Box, GraphData, GraphEdge, NodeLook, NodeState } from '../dag/types';
import { Memory } from './model';

/** Scales below which boxes have no notes, and no words. */
const NOTES = 0.62;
const NAMES = 0.3;
/** The least scale at which a drawing is shown whole at first, and the scale that others are shown at. */
const LEAST = 0.36;
const READABLE = 0.62;
const CLOSEST = 2.5;
const UNKNOWN: NodeLook = {
  state: 'none',
  label: ENGLISH.unknown,
  levels: { highly: false, moderately: false }
};

export class Graph {
  readonly root: HTMLDivElement;
  private readonly image: SVGSVGElement;
  private readonly world: SVGGElement;
  private readonly words: Words;
  private readonly announcer: Announcer;
  private readonly resized: ResizeObserver;
  private elements = new Map<string, BoxElement>();
  private looks: ReadonlyMap<string, NodeLook> = new Map();
  private lit: SVGPathElement | undefined;
  private data: GraphData = { width: 1, height: 1, nodes: [], edges: [] };
  private order: Box[] = [];
  private places = new Map<string, number>();
  private focused: string | null = null;
  private from: string | null = null;
  private selected: string | null = null;
  private scale = 0;

  constructor(
    host: HTMLElement,
    private readonly memory: Memory,
    private readonly select: (name: string | null) => void
  ) {
    this.root = div('jp-dag jp-pw-graph', host);
    this.image = svg('svg', { class: 'jp-dag-image', role: 'listbox' }, this.root);
    put(this.image, 'aria-label', `${ENGLISH.graph}. ${ENGLISH.keys}`);
    this.world = svg('g', {}, this.image);
    const measure = measureWith(getComputedStyle(this.root).fontFamily || FONT);
    this.words = { texts: ENGLISH, measure, relations: relationsOf([], []) };
    this.announcer = new Announcer(this.root, ENGLISH);
    this.image.addEventListener('keydown', event => this.pressed(event));
    this.image.addEventListener('click', event => this.clicked(event));
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.root);
  }

  /** Draw another pipeline. */
  setGraph(data: GraphData): void {
    this.data = data;
    const boxes = data.nodes.map(node => ({ ...node, members: null }));
    this.order = readingOrder(boxes);
    this.places = new Map(this.order.map((box, place) => [box.name, place]));
    this.words.relations = relationsOf(
      boxes.map(box => box.name),
      data.edges
    );
    this.world.replaceChildren();
    const drawn = (edges: GraphEdge[]) => edges.map(edge => pathOf(edge) + headOf(edge)).join('');
    const lines = svg('g', { class: 'jp-dag-lines' }, this.world);
    svg('path', { d: drawn(data.edges) }, lines);
    this.lit = svg('path', { class: 'jp-dag-lit' }, this.world);
    this.elements = new Map(boxes.map(box => [box.name, new BoxElement(box, this.world)]));
    this.elements.forEach(element => element.setLook(this.lookOf(element), this.words));
    this.focused = this.elements.has(this.focused ?? '') ? this.focused : null;
    this.mark();
    this.resize();
  }

  /** Show how the actions are now; only what differs is touched. */
  setLooks(looks: ReadonlyMap<string, NodeLook>): void {
    const before = this.looks;
    this.looks = looks;
    const states = new Set<NodeState>();
    for (const [name, element] of this.elements) {
      const look = this.lookOf(element);
      if (!sameLook(before.get(name), look)) {
        element.setLook(look, this.words);
        this.style(name);
        if (look.state !== before.get(name)?.state) {
          states.add(look.state);
        }
      }
    }
    if (before.size) {
      this.announcer.changedTo(states, looks);
    }
  }

  /** Show an action as selected, and only this. */
  setSelected(name: string | null): void {
    this.selected = name;
    if (name !== null && this.elements.has(name)) {
      this.focused = name;
    }
    this.mark();
  }

  zoom(factor: number): void {
    this.rescale(this.scale * factor);
    this.memory.scale = this.scale;
  }

  /** Show everything. */
  fit(): void {
    this.memory.scale = undefined;
    this.rescale(this.fitting());
  }

  dispose(): void {
    this.resized.disconnect();
    this.announcer.dispose();
  }

  private lookOf(element: BoxElement): NodeLook {
    return this.looks.get(element.box.name) ?? UNKNOWN;
  }

  private fitting(): number {
    const across = this.root.clientWidth / (this.data.width + 2);
    return Math.min(1, across, this.highest() / (this.data.height + 2));
  }

  /** The room in height that the output may take. */
  private highest(): number {
    return parseFloat(getComputedStyle(this.root).maxHeight) || Infinity;
  }

  private resize(): void {
    if (this.root.clientWidth) {
      const all = this.fitting();
      this.rescale(this.memory.scale ?? (all >= LEAST ? all : READABLE));
    }
  }

  private rescale(scale: number): void {
    const { width, height } = this.data;
    const least = Math.min(this.fitting(), LEAST);
    const before = this.scale || 1;
    this.scale = Math.min(Math.max(scale, least), CLOSEST);
    const { clientWidth, clientHeight, scrollLeft, scrollTop } = this.root;
    put(this.image, 'width', Math.ceil(width * this.scale));
    put(this.image, 'height', Math.ceil(height * this.scale));
    put(this.world, 'transform', `scale(${this.scale})`);
    const by = this.scale / before;
    this.root.scrollLeft = (scrollLeft + clientWidth / 2) * by - clientWidth / 2;
    this.root.scrollTop = scrollTop ? (scrollTop + clientHeight / 2) * by - clientHeight / 2 : 0;
    this.image.classList.toggle('jp-mod-no-notes', this.scale < NOTES);
    this.image.classList.toggle('jp-mod-no-words', this.scale < NAMES);
  }

  /** Selection or focus changed. */
  private mark(): void {
    this.focused ??= this.order[0]?.name ?? null;
    for (const name of this.elements.keys()) {
      this.style(name);
    }
    const touched = this.data.edges.filter(
      edge => edge.source === this.selected || edge.target === this.selected
    );
    put(this.lit!, 'd', touched.map(edge => pathOf(edge) + headOf(edge)).join(''));
    this.image.classList.toggle('jp-mod-selecting', touched.length > 0);
  }

  private style(name: string): void {
    const element = this.elements.get(name)!;
    const { needs, users } = this.words.relations;
    const beside = this.selected ?? '';
    element.setMarks({
      faded: false,
      near: !!needs.get(beside)?.includes(name) || !!users.get(beside)?.includes(name),
      selected: name === this.selected,
      place: this.places.get(name)! + 1,
      of: this.order.length
    });
    put(element.group, 'tabindex', name === this.focused ? 0 : -1);
  }

  private clicked(event: MouseEvent): void {
    const group = (event.target as Element).closest('[role=option]');
    const box = this.order.find(one => this.elements.get(one.name)!.group === group);
    if (box) {
      this.focus(box.name);
    }
    this.select(box?.name ?? null);
  }

  private focus(name: string, from: string | null = null): void {
    const before = this.focused;
    this.focused = name;
    this.from = from;
    for (const one of [before, name]) {
      if (one !== null && this.elements.has(one)) {
        this.style(one);
      }
    }
    this.elements.get(name)?.group.focus();
  }

  private pressed(event: KeyboardEvent): void {
    const meanings = {
      step: (way: Way) => this.step(way),
      open: () => this.select(this.focused),
      toggle: () => this.select(this.selected === this.focused ? null : this.focused),
      all: () => undefined,
      zoom: (factor: number) => this.zoom(factor),
      fit: () => this.fit(),
      clear: () => {
        const had = this.selected !== null;
        if (had) {
          this.select(null);
        }
        return had;
      }
    };
    if (press(event, meanings)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private step(way: Way): void {
    const at = this.elements.get(this.focused ?? '')?.box ?? this.order[0];
    const to = at && step(way, at, this.order, this.words.relations, this.from);
    if (to) {
      this.focus(to.name, at.name);
    }
  }
}
