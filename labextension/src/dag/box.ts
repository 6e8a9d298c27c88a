/** One box in the document: made once, then only what differs is touched. */

import { put, say, svg } from './dom';
import { described, LOUD, SYMBOLS } from './looks';
import { GraphTexts } from './texts';
import { BADGE, contentOf, ICON, LEFT, Measure, NOTEBOOK, RADIUS, RIGHT, TEXT } from './shape';
import { Box, NodeLook, Relations } from './types';

export interface Words {
  texts: GraphTexts;
  measure: Measure;
  relations: Relations;
}

export interface Marks {
  faded: boolean;
  near: boolean;
  selected: boolean;
  place: number;
  of: number;
}

export class BoxElement {
  readonly group: SVGGElement;
  private readonly title: SVGTitleElement;
  private readonly shape: SVGPathElement;
  private readonly mark: SVGPathElement;
  private readonly name: SVGTextElement;
  private readonly large: SVGTextElement;
  private readonly note: SVGTextElement;
  private readonly badges: SVGGElement;
  private readonly bar: SVGGElement;
  private look: NodeLook | null = null;

  constructor(
    readonly box: Box,
    parent: Element
  ) {
    const { x, y, width, height } = box;
    this.group = svg('g', { role: 'option', tabindex: -1, transform: `translate(${x} ${y})` });
    this.title = svg('title', {}, this.group);
    const outline = { width, height, rx: RADIUS };
    if (box.members) {
      for (const by of [6, 3]) {
        svg('rect', { class: 'jp-dag-pile', ...outline, x: by, y: by }, this.group);
      }
    }
    const ring = { x: -4, y: -4, width: width + 8, height: height + 8, rx: RADIUS + 3 };
    svg('rect', { class: 'jp-dag-ring', ...ring }, this.group);
    svg('rect', { class: 'jp-dag-body', ...outline }, this.group);
    const middle = (height - ICON) / 2;
    const icon = svg('g', { transform: `translate(${LEFT} ${middle})` }, this.group);
    this.shape = svg('path', { class: 'jp-dag-shape' }, icon);
    this.mark = svg('path', { class: 'jp-dag-mark' }, icon);
    this.name = svg('text', { class: 'jp-dag-name', x: TEXT, y: height / 2 - 2.5 }, this.group);
    this.large = svg('text', { class: 'jp-dag-large', x: TEXT, y: height / 2 + 5.5 }, this.group);
    this.note = svg('text', { class: 'jp-dag-note', x: TEXT, y: height / 2 + 10 }, this.group);
    this.badges = svg('g', { class: 'jp-dag-badges' }, this.group);
    this.bar = svg('g', { class: 'jp-dag-progress' }, this.group);
    parent.appendChild(this.group);
  }

  setLook(look: NodeLook, words: Words): void {
    const content = contentOf(this.box, look, words.texts, words.measure);
    const label = described(this.box, look, words.relations, words.texts);
    const symbol = SYMBOLS[look.state];
    put(this.group, 'aria-label', label);
    say(this.title, label);
    put(this.shape, 'd', symbol.shape);
    put(this.mark, 'd', symbol.mark);
    say(this.name, content.name);
    put(this.name, 'font-size', content.size);
    say(this.large, content.large);
    say(this.note, content.note);
    this.drawBadges(look, content.badges);
    this.drawProgress(look);
    this.look = look;
  }

  setMarks(marks: Marks): void {
    const state = this.look?.state ?? 'none';
    const names = ['jp-dag-node', `jp-mod-${state}`];
    const add = (name: string, when: boolean) => when && names.push(`jp-mod-${name}`);
    add('solid', SYMBOLS[state].solid);
    add('loud', LOUD.has(state));
    add('faded', marks.faded);
    add('near', marks.near);
    add('selected', marks.selected);
    put(this.group, 'class', names.join(' '));
    put(this.group, 'aria-selected', String(marks.selected));
    put(this.group, 'aria-posinset', marks.place);
    put(this.group, 'aria-setsize', marks.of);
  }

  private drawBadges(
    look: NodeLook,
    badges: { level: 'highly' | 'moderately'; letter: string }[]
  ): void {
    const key = `${look.notebook ? 'n' : ''}${badges.map(each => each.level).join()}`;
    if (this.badges.dataset.key === key) {
      return;
    }
    this.badges.dataset.key = key;
    this.badges.replaceChildren();
    const y = this.box.height - BADGE - 4.5;
    let x = this.box.width - RIGHT - badges.length * (BADGE + 2) + 2;
    if (look.notebook) {
      const place = `translate(${x - BADGE - 1} ${y + 0.5})`;
      svg('path', { class: 'jp-dag-notebook', d: NOTEBOOK, transform: place }, this.badges);
    }
    for (const { level, letter } of badges) {
      const badge = svg('g', { class: `jp-dag-badge jp-mod-${level}` }, this.badges);
      svg('rect', { x, y, width: BADGE, height: BADGE, rx: 3 }, badge);
      svg('text', { x: x + BADGE / 2, y: y + 8.6 }, badge).textContent = letter;
      x += BADGE + 2;
    }
  }

  private drawProgress(look: NodeLook): void {
    if (look.state !== 'running') {
      this.bar.replaceChildren();
      return;
    }
    const place = { x1: RADIUS, y1: this.box.height - 1.5, y2: this.box.height - 1.5 };
    const end = this.box.width - RADIUS;
    if (!this.bar.firstChild) {
      svg('line', { class: 'jp-dag-track', ...place, x2: end }, this.bar);
      svg('line', { class: 'jp-dag-bar', ...place, x2: end }, this.bar);
    }
    const bar = this.bar.lastElementChild!;
    const known = look.progress !== undefined;
    put(bar, 'class', known ? 'jp-dag-bar' : 'jp-dag-bar jp-mod-unknown');
    const part = Math.min(Math.max(look.progress ?? 1, 0), 1);
    put(bar, 'x2', place.x1 + (end - place.x1) * part);
  }
}
