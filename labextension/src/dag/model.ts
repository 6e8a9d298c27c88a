/** What is drawn and why: graph, looks, filter, groups, selection and focus, without a document. */

import { sameLook } from './looks';
import { filtered, isEmpty, neighbours, readingOrder, relationsOf, step, Way } from './relations';
import { sceneOf } from './scene';
import { Picture } from './stage';
import { Box, GraphData, GraphFilter, Looks, NodeState, Relations } from './types';

const NOTHING: GraphData = { width: 0, height: 0, nodes: [], edges: [] };

export interface Changes {
  /** Names of the boxes that look different. */
  boxes: Set<string>;
  /** States that some actions came into. */
  states: Set<NodeState>;
}

export const membersOf = (box: Box): readonly string[] => box.members ?? [box.name];

export class Model {
  picture: Picture = {
    scene: sceneOf(NOTHING),
    order: [],
    places: new Map(),
    looks: new Map(),
    shown: null,
    selected: new Set(),
    near: new Set(),
    focused: null
  };
  prefixes: readonly string[] = [];
  /** The selected actions; those of a collapsed group may be among them. */
  chosen: ReadonlySet<string> = new Set();
  /** How many actions the filter finds. */
  found = 0;
  private names: string[] = [];
  private data: GraphData = NOTHING;
  /** Among the actions; those among the boxes are in the scene. */
  private relations: Relations = relationsOf([], []);
  private filter: GraphFilter = {};
  private cameFrom: string | null = null;

  /** Gives whether the names are the same as before. */
  setGraph(data: GraphData): boolean {
    const before = new Set(this.names);
    this.data = data;
    this.names = data.nodes.map(node => node.name);
    this.relations = relationsOf(this.names, data.edges);
    this.chosen = new Set(this.names.filter(name => this.chosen.has(name)));
    this.setCollapsed(this.prefixes);
    return before.size === this.names.length && this.names.every(name => before.has(name));
  }

  setCollapsed(prefixes: readonly string[]): void {
    this.prefixes = [...prefixes];
    const scene = sceneOf(this.data, prefixes);
    const order = readingOrder(scene.boxes);
    const places = new Map(order.map((box, place) => [box.name, place]));
    const last = this.picture.focused;
    const focused = (last && (scene.box.get(last) ?? scene.boxOf.get(last))?.name) || null;
    this.cameFrom = null;
    this.picture = { ...this.picture, scene, order, places, focused };
    this.setFilter(this.filter);
  }

  /** Gives what changed, or null if nothing did. */
  setLooks(looks: Looks): Changes | null {
    const boxes = new Set<string>();
    const states = new Set<NodeState>();
    const before = this.picture.looks;
    let differs = false;
    for (const name of new Set([...looks.keys(), ...before.keys()])) {
      const now = looks.get(name);
      if (sameLook(before.get(name), now)) {
        continue;
      }
      differs = true;
      const box = this.picture.scene.boxOf.get(name);
      if (box) {
        boxes.add(box.name);
      }
      if (now && now.state !== before.get(name)?.state) {
        states.add(now.state);
      }
    }
    this.picture = { ...this.picture, looks: new Map(looks) };
    return differs ? { boxes, states } : null;
  }

  /** Whether the looks decide what the filter finds. */
  get filtersLooks(): boolean {
    return !!this.filter.states?.length || !!this.filter.level;
  }

  setFilter(filter: GraphFilter): void {
    this.filter = filter;
    let shown: Set<string> | null = null;
    this.found = this.names.length;
    if (!isEmpty(filter)) {
      const result = filtered(this.names, this.picture.looks, this.relations, filter);
      const { boxOf } = this.picture.scene;
      shown = new Set([...result.shown].map(name => boxOf.get(name)!.name));
      this.found = result.found.size;
    }
    this.picture = { ...this.picture, shown };
    this.choose(this.chosen);
  }

  refilter(): void {
    this.setFilter(this.filter);
  }

  /** Select these actions; a group is selected if all of its actions are. */
  choose(names: Iterable<string>): void {
    const { scene, order } = this.picture;
    this.chosen = new Set([...names].filter(name => scene.boxOf.has(name)));
    const chosen = (box: Box) => membersOf(box).every(name => this.chosen.has(name));
    const selected = new Set(this.chosen.size ? order.filter(chosen).map(box => box.name) : []);
    const near = neighbours(selected, scene.relations);
    const focused = this.picture.focused ?? this.reachable()[0]?.name ?? null;
    this.picture = { ...this.picture, selected, near, focused };
  }

  /** What a click on a box selects. */
  chosenWith(box: Box, adds: boolean): string[] {
    const names = membersOf(box);
    const others = adds ? [...this.chosen].filter(name => !names.includes(name)) : [];
    return adds && names.every(name => this.chosen.has(name)) ? others : [...others, ...names];
  }

  focus(box: Box, cameFrom: string | null = null): void {
    this.cameFrom = cameFrom;
    this.picture = { ...this.picture, focused: box.name };
  }

  focusBox(): Box | null {
    return this.picture.scene.box.get(this.picture.focused ?? '') ?? null;
  }

  /** The boxes that keys lead to: those that are not faded, if there are any. */
  reachable(): readonly Box[] {
    const { order, shown } = this.picture;
    const open = shown ? order.filter(box => shown.has(box.name)) : order;
    return open.length ? open : order;
  }

  /** Where an arrow key leads from the box with the focus; from a faded box sideways, to the first that is not. */
  next(way: Way): Box | null {
    const at = this.focusBox();
    const reachable = this.reachable();
    if (!at || (!reachable.includes(at) && (way === 'left' || way === 'right'))) {
      return reachable[0] ?? null;
    }
    return step(way, at, reachable, this.picture.scene.relations, this.cameFrom);
  }
}
