/** What differs between two files, as it is shown: rows in pieces, cells in runs, and words for both. Pure. */

import { TranslationBundle } from '@jupyterlab/translation';
import { Change, ICell, ICodeDifferences, IFileChange, IRow, ISide } from '../types';

/** How a kind of change is marked in lists. */
export const MARKS: Record<Change, string> = { added: '+', changed: '~', removed: '−' };

export interface IPiece {
  text: string;
  /** Whether it differs from the other side. */
  differs: boolean;
}

/** A changed cell, or how many unchanged ones stand between two that changed. */
export type CellRun = { cell: ICell; unchanged: 0 } | { cell: null; unchanged: number };

/** The text of a side, cut where its marks begin and end. */
export function pieces({ text, marks }: ISide): IPiece[] {
  const found: IPiece[] = [];
  let at = 0;
  const cut = (to: number, differs: boolean) => {
    if (to > at) {
      found.push({ text: text.slice(at, to), differs });
      at = to;
    }
  };
  for (const [from, to] of [...marks].sort(([a], [b]) => a - b)) {
    cut(from, false);
    cut(Math.min(to, text.length), true);
  }
  cut(text.length, false);
  return found;
}

/** Cells with those that did not change counted. */
export function cellRuns(cells: readonly ICell[]): CellRun[] {
  const runs: CellRun[] = [];
  for (const cell of cells) {
    const last = runs[runs.length - 1];
    if (cell.kind !== 'same' || cell.outputs_changed) {
      runs.push({ cell, unchanged: 0 });
    } else if (last && last.cell === null) {
      last.unchanged += 1;
    } else {
      runs.push({ cell: null, unchanged: 1 });
    }
  }
  return runs;
}

/** Lines added and removed in all files of which that is known. */
export function sums(files: readonly IFileChange[]): { added: number; removed: number } {
  return {
    added: files.reduce((sum, one) => sum + (one.added ?? 0), 0),
    removed: files.reduce((sum, one) => sum + (one.removed ?? 0), 0)
  };
}

export function changeWords(change: Change, trans: TranslationBundle): string {
  const words: Record<Change, string> = {
    added: trans.__('Added'),
    changed: trans.__('Changed'),
    removed: trans.__('Removed')
  };
  return words[change];
}

/** Which cell it is and what happened to it. */
export function cellTitle(cell: ICell, trans: TranslationBundle): string {
  const types = {
    code: trans.__('Code cell'),
    markdown: trans.__('Text cell'),
    raw: trans.__('Raw cell')
  };
  const { left, right } = cell;
  const number =
    left !== null && right !== null && left !== right
      ? trans.__('%1, before %2', right, left)
      : String(right ?? left ?? '');
  return `${types[cell.cell_type]} ${number}`.trim();
}

/** What happened to a cell. */
export function cellSaid(cell: ICell, trans: TranslationBundle): string {
  const kind = cell.kind === 'same' ? '' : changeWords(cell.kind, trans).toLowerCase();
  const outputs = cell.outputs_changed ? trans.__('its outputs differ') : '';
  return [kind, outputs].filter(Boolean).join(', ');
}

export function gapWords(row: IRow, trans: TranslationBundle): string {
  return trans._n('%1 line as before', '%1 lines as before', row.count ?? 0);
}

/** That there is nothing to show, or nothing to compare with; empty where there are files. */
export function nothingToShow(found: ICodeDifferences, trans: TranslationBundle): string {
  if (found.with === null) {
    return found.reason || trans.__('There is no earlier request to compare with.');
  }
  return found.files.length === 0 ? found.reason || trans.__('The code is the same.') : '';
}
