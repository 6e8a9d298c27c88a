/** The overview in the corner: all boxes in their colours, and a frame around what is on the screen. */

import { Camera } from './camera';
import { Words } from './box';
import { div, put, svg } from './dom';
import { Merged } from './merged';
import { Picture } from './stage';
import { Rect } from './types';
import { contains, seen } from './viewport';

const WIDEST = 168;
const HIGHEST = 120;
/** More boxes than this make an overview worth its place. */
const WORTH = 50;
/** Smaller hosts are left to the graph. */
const LEAST = { width: 420, height: 300 };

export class Minimap {
  private readonly root: HTMLDivElement;
  private readonly image: SVGSVGElement;
  private readonly boxes: Merged;
  private readonly frame: HTMLDivElement;
  private readonly ending = new AbortController();
  private scale = 1;
  private whole: Rect = { x: 0, y: 0, width: 0, height: 0 };
  private worth = false;
  private shown: Picture['shown'] = null;

  constructor(
    host: Element,
    private readonly camera: Camera,
    private readonly words: Words
  ) {
    this.root = div('jp-dag-map', host);
    this.root.hidden = true;
    this.root.title = words.texts.overview;
    // The keys do all that the overview does; it would only be noise for those who hear the page.
    this.root.setAttribute('aria-hidden', 'true');
    this.image = svg('svg', { preserveAspectRatio: 'none' }, this.root);
    this.boxes = new Merged(svg('g', { class: 'jp-dag-far-boxes' }, this.image));
    this.frame = div('jp-dag-map-frame', this.root);
    const { signal } = this.ending;
    this.root.addEventListener('pointerdown', event => this.grab(event), { signal });
    this.root.addEventListener('pointermove', event => this.drag(event), { signal });
  }

  /** Paint again only if the filter shows other boxes. */
  setFaded(picture: Picture): void {
    if (picture.shown !== this.shown) {
      this.setPicture(picture);
    }
  }

  setPicture(picture: Picture): void {
    this.shown = picture.shown;
    const { width, height, boxes } = picture.scene;
    this.worth = boxes.length > WORTH;
    this.whole = { x: 0, y: 0, width, height };
    if (this.worth) {
      this.scale = Math.min(WIDEST / width, HIGHEST / height);
      this.root.style.width = `${width * this.scale}px`;
      this.root.style.height = `${height * this.scale}px`;
      put(this.image, 'viewBox', `0 0 ${width} ${height}`);
      this.boxes.paintBoxes(picture, this.words.texts);
    }
    this.look();
  }

  look(): void {
    const { view, screen } = this.camera;
    const roomy = screen.width >= LEAST.width && screen.height >= LEAST.height;
    const sight = seen(view, screen);
    // Where everything is on the screen anyway, the overview would only cover some of it.
    this.root.hidden = !this.worth || !roomy || contains(sight, this.whole);
    if (this.root.hidden) {
      return;
    }
    const { x, y, width, height } = sight;
    const style = this.frame.style;
    style.transform = `translate(${x * this.scale}px, ${y * this.scale}px)`;
    style.width = `${width * this.scale}px`;
    style.height = `${height * this.scale}px`;
  }

  dispose(): void {
    this.ending.abort();
    this.root.remove();
  }

  private grab(event: PointerEvent): void {
    if (event.button === 0) {
      event.preventDefault();
      this.root.setPointerCapture(event.pointerId);
      this.drag(event);
    }
  }

  private drag(event: PointerEvent): void {
    if (this.root.hasPointerCapture(event.pointerId)) {
      const { left, top } = this.root.getBoundingClientRect();
      const x = (event.clientX - left) / this.scale;
      const y = (event.clientY - top) / this.scale;
      this.camera.centre({ x, y });
    }
  }
}
