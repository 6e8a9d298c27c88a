/**
 * What a terminal would show of a line of a log, as data: pieces of text, each with its style. Pure.
 *
 * Colours, carriage returns, backspaces and erasing are obeyed; all else that steers a terminal is left out. Every
 * colour becomes the nearest of the eight that the theme has, so that it can be read on light and on dark.
 */

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;
export type Colour = (typeof COLOURS)[number];

export interface IStyle {
  readonly colour?: Colour;
  readonly background?: Colour;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly inverse?: boolean;
}

export interface ISpan {
  text: string;
  style: IStyle;
}

export const PLAIN: IStyle = {};

// eslint-disable-next-line no-control-regex
const TOKEN =
  /\x1b\[([0-9;:]{0,64})m|\x1b\[([02]?)K|([\r\b])|\x1b\[[0-?]{0,64}[ -/]{0,8}[@-~]|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|\x1b[ -/]{1,4}[0-~]|\x1b[0-OQ-WYZ\\`-~]/g;
/** Characters that would steer the page, or the direction of its text. */
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;
const ON: Record<number, keyof IStyle> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  9: 'strike'
};
const OFF: Record<number, (keyof IStyle)[]> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  29: ['strike'],
  39: ['colour'],
  49: ['background']
};

/** The pieces of one line that begins in a style, and the style that the next line begins in. */
export function spansOf(line: string, style: IStyle = PLAIN): { spans: ISpan[]; style: IStyle } {
  const screen = new Line();
  let from = 0;
  for (const match of line.matchAll(TOKEN)) {
    screen.write(line.slice(from, match.index), style);
    from = match.index + match[0].length;
    if (match[1] !== undefined) {
      style = styled(style, match[1]);
    } else if (match[2] !== undefined) {
      screen.erase(match[2] === '2');
    } else if (match[3] !== undefined) {
      screen.move(match[3]);
    }
  }
  screen.write(line.slice(from), style);
  return { spans: screen.spans(), style };
}

/** The text alone. */
export function textOf(spans: readonly ISpan[]): string {
  return spans.map(span => span.text).join('');
}

/** The class names of a style, such as `jp-pipeline-ansi-red`. */
export function classesOf(style: IStyle): string {
  const names: string[] = [];
  for (const [name, value] of Object.entries(style)) {
    if (name === 'colour') {
      names.push(`jp-pipeline-ansi-${value}`);
    } else if (name === 'background') {
      names.push(`jp-pipeline-ansi-on-${value}`);
    } else if (value) {
      names.push(`jp-pipeline-ansi-${name}`);
    }
  }
  return names.join(' ');
}

/** One line of a terminal: most are written from left to right, and then nothing is taken apart. */
class Line {
  write(text: string, style: IStyle): void {
    if (!text) {
      return;
    }
    const shown = text.replace(UNSEEN, '\ufffd');
    if (!this._places) {
      const last = this._runs[this._runs.length - 1];
      if (last?.style === style) {
        last.text += shown;
      } else {
        this._runs.push({ text: shown, style });
      }
      return;
    }
    for (const one of shown) {
      this._places[this._at++] = { text: one, style };
    }
  }

  move(how: string): void {
    const places = this._apart();
    this._at = how === '\r' ? 0 : Math.min(Math.max(this._at - 1, 0), places.length);
  }

  erase(all: boolean): void {
    const places = this._apart();
    if (all) {
      places.fill({ text: ' ', style: PLAIN });
    }
    places.length = Math.min(places.length, this._at);
  }

  spans(): ISpan[] {
    const places = this._places;
    if (!places) {
      return this._runs;
    }
    const runs: ISpan[] = [];
    for (const place of places) {
      const last = runs[runs.length - 1];
      if (last?.style === place.style) {
        last.text += place.text;
      } else {
        runs.push({ ...place });
      }
    }
    return runs;
  }

  private _apart(): ISpan[] {
    if (!this._places) {
      this._places = this._runs.flatMap(({ text, style }) =>
        Array.from(text, one => ({ text: one, style }))
      );
      this._at = this._places.length;
    }
    return this._places;
  }

  private readonly _runs: ISpan[] = [];
  private _places: ISpan[] | null = null;
  private _at = 0;
}

function styled(before: IStyle, parameters: string): IStyle {
  const style: Record<string, unknown> = { ...before };
  const numbers = parameters.split(/[;:]/).map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const code = numbers[i];
    if (code === 0) {
      Object.keys(style).forEach(name => delete style[name]);
    } else if (ON[code]) {
      style[ON[code]] = true;
    } else if (OFF[code]) {
      OFF[code].forEach(name => delete style[name]);
    } else if (code === 38 || code === 48) {
      const [colour, used] = extended(numbers.slice(i + 1));
      i += used;
      if (colour) {
        style[code === 38 ? 'colour' : 'background'] = colour;
      }
    } else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      style.colour = COLOURS[code % 10];
    } else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
      style.background = COLOURS[code % 10];
    }
  }
  return style as IStyle;
}

/** A colour of the 256 or by red, green and blue, and how many numbers told it. */
function extended([kind, ...rest]: number[]): [Colour | null, number] {
  if (kind === 5) {
    return [ofPalette(rest[0]), 2];
  }
  return kind === 2 ? [nearest(rest[0], rest[1], rest[2]), 4] : [null, 1];
}

function ofPalette(number: number): Colour | null {
  if (!(number >= 0 && number < 256)) {
    return null;
  }
  if (number < 16) {
    return COLOURS[number % 8];
  }
  if (number >= 232) {
    return number < 244 ? 'black' : 'white';
  }
  const level = (part: number) => (part === 0 ? 0 : 55 + 40 * part);
  const cube = number - 16;
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

/** The colour whose parts are those that stand out. */
function nearest(red: number, green: number, blue: number): Colour | null {
  const parts = [red, green, blue];
  if (!parts.every(part => part >= 0 && part < 256)) {
    return null;
  }
  const most = Math.max(...parts);
  if (most - Math.min(...parts) < 40) {
    return most < 128 ? 'black' : 'white';
  }
  const bits = parts.map(part => (part > most * 0.6 ? 1 : 0));
  return COLOURS[bits[0] + 2 * bits[1] + 4 * bits[2]];
}
