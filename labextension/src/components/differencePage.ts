/** What differs between two requests as a part of a page that is saved. Pure. */

import { TranslationBundle } from '@jupyterlab/translation';
import { IFileChange, IFileDifferences, IRow, ISide } from '../types';
import { cellRuns, cellSaid, cellTitle, changeWords, gapWords, pieces, sums } from './differences';
import { escaped } from './escaped';

export const DIFFERENCE_STYLE = `
.diff { border: 1px solid var(--line); font: 12px/1.45 ui-monospace, menlo, consolas, monospace; table-layout: fixed; }
.diff td { padding: 0 .4rem; border: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.diff td.n { width: 2.6rem; text-align: right; color: var(--dim); } .diff td.gap { text-align: center; color: var(--dim);
  background: var(--back); }
.diff .old { background: color-mix(in srgb, var(--bad) 12%, transparent); }
.diff .new { background: color-mix(in srgb, var(--good) 12%, transparent); }
.diff mark { color: inherit; background: color-mix(in srgb, currentcolor 22%, transparent); font-weight: 600; }
h4 { font-size: .95rem; font-weight: 500; margin: .75rem 0 .25rem; }
`;

/** The files that differ, with how many lines of each. */
export function fileList(files: readonly IFileChange[], trans: TranslationBundle): string {
  const rows = files.map(
    file =>
      `<tr><th scope="row"><code>${escaped(file.path)}</code></th>` +
      `<td>${escaped(changeWords(file.change, trans))}</td><td>${counts(file)}</td></tr>`
  );
  const heads = [trans.__('File'), trans.__('Change'), trans.__('Lines')];
  const head = heads.map(one => `<th scope="col">${escaped(one)}</th>`).join('');
  const { added, removed } = sums(files);
  const caption = trans._n(
    '%1 file differs: %2 lines added, %3 removed',
    '%1 files differ: %2 lines added, %3 removed',
    files.length,
    added,
    removed
  );
  return (
    `<table><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead>` +
    `<tbody>\n${rows.join('\n')}\n</tbody></table>`
  );
}

/** Where one file differs. */
export function fileDifference(file: IFileDifferences, trans: TranslationBundle): string {
  const parts = [`<h3><code>${escaped(file.path)}</code></h3>`];
  if (file.reason) {
    parts.push(`<p class="dim">${escaped(file.reason)}</p>`);
  }
  if (file.rows?.length) {
    parts.push(table(file.rows, trans));
  }
  for (const { cell, unchanged } of cellRuns(file.cells ?? [])) {
    if (cell === null) {
      const words = trans._n('%1 cell as before', '%1 cells as before', unchanged);
      parts.push(`<p class="dim">${escaped(words)}</p>`);
      continue;
    }
    const said = cellSaid(cell, trans);
    parts.push(
      `<h4>${escaped(cellTitle(cell, trans))} <span class="dim">${escaped(said)}</span></h4>`
    );
    if (cell.rows.length) {
      parts.push(table(cell.rows, trans));
    }
  }
  return parts.join('\n');
}

function counts({ added, removed }: IFileChange): string {
  return added === null && removed === null
    ? ''
    : `<span class="good">+${added ?? 0}</span> <span class="bad">−${removed ?? 0}</span>`;
}

function table(rows: readonly IRow[], trans: TranslationBundle): string {
  const lines = rows.map(row => {
    if (row.kind === 'gap') {
      return `<tr><td class="gap" colspan="4">${escaped(gapWords(row, trans))}</td></tr>`;
    }
    const old = row.kind === 'removed' || row.kind === 'changed' ? 'old' : '';
    const now = row.kind === 'added' || row.kind === 'changed' ? 'new' : '';
    return `<tr>${side(row.left, old)}${side(row.right, now)}</tr>`;
  });
  return (
    '<table class="diff"><colgroup><col style="width:3rem"><col><col style="width:3rem"><col></colgroup>' +
    `<tbody>\n${lines.join('\n')}\n</tbody></table>`
  );
}

function side(one: ISide | null, kind: string): string {
  if (one === null) {
    return '<td class="n"></td><td></td>';
  }
  const text = pieces(one).map(({ text, differs }) =>
    differs ? `<mark>${escaped(text)}</mark>` : escaped(text)
  );
  return `<td class="n ${kind}">${one.line}</td><td class="${kind}">${text.join('')}</td>`;
}
