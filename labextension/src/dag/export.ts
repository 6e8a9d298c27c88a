/** A picture to keep: a complete SVG document that needs no style sheet, and from it a PNG. */

import { COLOURS, DASHED, described, lookOf, LOUD, SYMBOLS } from './looks';
import { headOf, pathOf } from './scene';
import * as shape from './shape';
import { GraphTexts } from './texts';
import { Box, Looks, NodeLook, Scene } from './types';

const INK = '#212121';
const QUIET = '#5f6368';
const LINE = '#9aa0a6';
const BORDER = '#bdbdbd';
/** What browsers draw on a canvas without failing. */
const LONGEST = 16384;
const LARGEST = 64e6;

export interface Exported {
  scene: Scene;
  looks: Looks;
  /** Names of boxes that are not faded; null if all. */
  shown: ReadonlySet<string> | null;
  texts: GraphTexts;
  measure: shape.Measure;
}

/** Make a text safe inside of XML, also in attributes; what XML cannot hold at all is left out. */
export function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** Give the whole drawing, also what is not on the screen, in light colours. */
export function toSVG(picture: Exported): string {
  const { scene, shown, texts } = picture;
  const width = Math.max(scene.width, 1);
  const height = Math.max(scene.height, 1);
  const faded = (...names: string[]) => !!shown && names.some(name => !shown.has(name));
  const lines = scene.lines.map(line => {
    const opacity = faded(line.source, line.target) ? ' opacity="0.2"' : '';
    return `<path d="${pathOf(line)}${headOf(line)}"${opacity}/>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="${escaped(shape.FONT)}" role="img" aria-label="${escaped(texts.graph)}">`,
    `<title>${escaped(texts.graph)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<g fill="none" stroke="${LINE}" stroke-width="1.25" stroke-linejoin="round">`,
    ...lines,
    '</g>',
    ...scene.boxes.map(box => boxText(box, picture, faded(box.name))),
    '</svg>\n'
  ].join('\n');
}

function boxText(box: Box, picture: Exported, faded: boolean): string {
  const { looks, texts, measure, scene } = picture;
  const look = lookOf(box, looks, texts);
  const colour = COLOURS[look.state];
  const loud = LOUD.has(look.state);
  const { width, height } = box;
  const content = shape.contentOf(box, look, texts, measure);
  const outline = `width="${width}" height="${height}" rx="${shape.RADIUS}"`;
  const border = loud ? colour : BORDER;
  const dashes = DASHED.has(look.state) ? ' stroke-dasharray="4 3"' : '';
  const piles = box.members
    ? [6, 3].map(by => `<rect x="${by}" y="${by}" ${outline} fill="#fff" stroke="${border}"/>`)
    : [];
  return [
    `<g transform="translate(${box.x} ${box.y})"${faded ? ' opacity="0.25"' : ''}>`,
    `<title>${escaped(described(box, look, scene.relations, texts))}</title>`,
    ...piles,
    `<rect ${outline} fill="#fff"/>`,
    `<rect ${outline} fill="${colour}" fill-opacity="${loud ? 0.08 : 0}" stroke="${border}"${dashes}/>`,
    symbolText(look, (height - shape.ICON) / 2),
    wordText(content.name, shape.TEXT, height / 2 - 2.5, content.size, INK, ' font-weight="500"'),
    wordText(content.note, shape.TEXT, height / 2 + 10, shape.NOTE_SIZE, loud ? colour : QUIET),
    ...badgesText(box, look, content.badges),
    progressText(box, look),
    '</g>'
  ]
    .filter(Boolean)
    .join('');
}

function wordText(
  text: string,
  x: number,
  y: number,
  size: number,
  colour: string,
  more = ''
): string {
  const words = escaped(text);
  return (
    words && `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}"${more}>${words}</text>`
  );
}

function symbolText(look: NodeLook, y: number): string {
  const { shape: outline, mark, solid } = SYMBOLS[look.state];
  const colour = COLOURS[look.state];
  const pen = `stroke-linecap="round" stroke-linejoin="round"`;
  const [inside, on] = solid ? [colour, '#fff'] : ['none', colour];
  const fill = mark.endsWith('z') ? on : 'none';
  return (
    `<g transform="translate(${shape.LEFT} ${y})" ${pen}>` +
    `<path d="${outline}" fill="${inside}" stroke="${colour}" stroke-width="1.2"/>` +
    (mark && `<path d="${mark}" fill="${fill}" stroke="${on}" stroke-width="1.5"/>`) +
    '</g>'
  );
}

function badgesText(box: Box, look: NodeLook, badges: shape.Content['badges']): string[] {
  const { BADGE, RIGHT, NOTEBOOK } = shape;
  const y = box.height - BADGE - 4.5;
  let x = box.width - RIGHT - badges.length * (BADGE + 2) + 2;
  const texts: string[] = [];
  if (look.notebook) {
    const place = `translate(${x - BADGE - 1} ${y + 0.5})`;
    texts.push(`<path d="${NOTEBOOK}" transform="${place}" fill="none" stroke="${QUIET}"/>`);
  }
  for (const { level, letter } of badges) {
    const [fill, ink] = level === 'highly' ? [QUIET, '#fff'] : ['none', QUIET];
    const middle = `text-anchor="middle" font-weight="600"`;
    texts.push(
      `<rect x="${x}" y="${y}" width="${BADGE}" height="${BADGE}" rx="3" fill="${fill}" stroke="${QUIET}"/>`,
      wordText(letter, x + BADGE / 2, y + 8.6, 8, ink, ` ${middle}`)
    );
    x += BADGE + 2;
  }
  return texts;
}

function progressText(box: Box, look: NodeLook): string {
  if (look.state !== 'running' || look.progress === undefined) {
    return '';
  }
  const part = Math.min(Math.max(look.progress, 0), 1);
  const [x, y] = [shape.RADIUS, box.height - 1.5];
  const length = (box.width - 2 * x) * part;
  return `<path d="M${x} ${y}h${length}" stroke="${COLOURS.running}" stroke-width="3" stroke-linecap="round"/>`;
}

/** The largest scale up to the wished one at which a browser can still draw the picture. */
export function drawable(width: number, height: number, scale: number): number {
  return Math.min(scale, LONGEST / Math.max(width, height), Math.sqrt(LARGEST / (width * height)));
}

/** Give an SVG document as a PNG; it fails with a sentence if the browser cannot. */
export async function toPNG(
  text: string,
  size: { width: number; height: number },
  scale: number,
  texts: GraphTexts
): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const by = drawable(size.width, size.height, scale);
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.floor(size.width * by));
    canvas.height = Math.max(1, Math.floor(size.height * by));
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error(texts.tooLarge))), 'image/png')
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}
