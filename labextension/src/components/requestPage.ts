/** A job request as a page of its own, without scripts and without anything to load. Pure. */

import { TranslationBundle } from '@jupyterlab/translation';
import { duration, utc } from '../format';
import { ICodeDifferences, IFileDifferences, IJob, IRequestPage } from '../types';
import { nothingToShow } from './differences';
import { DIFFERENCE_STYLE, fileDifference, fileList } from './differencePage';
import { escaped } from './escaped';
import { jobLook, LEVELS, levelMeaning, statusLook, verdictLook } from './looks';
import {
  comparedWith,
  complete,
  details,
  dirtiness,
  IFact,
  introduction,
  nameFacts,
  said,
  shares,
  timeline,
  timelineNote,
  title
} from './requestFacts';
import { yamlSpans } from './yamlSpans';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE = `
:root { color-scheme: light dark; --line: #d6d6d6; --dim: #666; --back: #f6f6f6;
  --good: #1b6e20; --bad: #b71c1c; --busy: #0d5aa7; --warn: #a34a00; }
@media (prefers-color-scheme: dark) { :root { --line: #444; --dim: #aaa; --back: #262626;
  --good: #81c784; --bad: #ef9a9a; --busy: #90caf9; --warn: #ffb74d; } }
body { font: 14px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--dim); padding-bottom: .25rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; margin: 0; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: 12.5px/1.5 ui-monospace, menlo, consolas, monospace; }
pre { background: var(--back); border: 1px solid var(--line); padding: .75rem; overflow: auto; }
th { font-weight: 500; } td code { white-space: nowrap; } li { overflow-wrap: anywhere; }
td:not(:last-child) { white-space: nowrap; } td:last-child, tbody th { overflow-wrap: break-word; } .dim { color: var(--dim); }
.good { color: var(--good); } .bad { color: var(--bad); } .busy { color: var(--busy); } .warn { color: var(--warn); }
.comment { color: var(--dim); font-style: italic; } .key { color: var(--busy); } .string { color: var(--bad); }
.number { color: var(--good); }
@media print { body { margin: 0; max-width: none; } pre { white-space: pre-wrap; } }
`;

/** What is shown of the comparison with an earlier request. */
export interface IShown {
  found: ICodeDifferences | null;
  /** The files that are open. */
  files: readonly IFileDifferences[];
}

/** The whole page as HTML; `now` is when it is made. */
export function requestPage(
  request: IRequestPage,
  shown: IShown,
  now: string,
  trans: TranslationBundle
): string {
  const look = statusLook(request.status, trans);
  const cancelled = request.cancelled ? `, ${escaped(trans.__('cancelled'))}` : '';
  const note = dirtiness(request, trans);
  const parts = [
    `<h1>${escaped(title(request, trans))}</h1>`,
    `<p class="${look.tone}"><strong>${escaped(look.words)}${cancelled}</strong></p>`,
    facts(nameFacts(request, trans)),
    `<p>${escaped(introduction(request, trans))}</p>`,
    levels(trans),
    section(trans.__('Jobs'), jobs(request, trans)),
    section(trans.__('Pipeline'), pipeline(request.project_yaml)),
    section(
      trans.__('Timeline'),
      facts(timeline(request, trans)) + dim(timelineNote(request, trans))
    ),
    section(
      trans.__('Job request details'),
      facts(details(request, trans)) + (note ? dim(note) : '')
    ),
    section(trans.__('Code comparison'), comparison(shown, trans)),
    section(trans.__('Why each action ran or did not'), plan(request, trans)),
    dim(trans.__('Saved %1 UTC.', utc(now)))
  ];
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(`${title(request, trans)} – ${request.workspace}`)}</title>`,
    `<style>${STYLE}${DIFFERENCE_STYLE}</style>`,
    '</head>',
    '<body>',
    ...parts,
    '</body>',
    '</html>',
    ''
  ].join('\n');
}

function section(heading: string, content: string): string {
  return `<h2>${escaped(heading)}</h2>\n${content}`;
}

function dim(text: string): string {
  return `<p class="dim">${escaped(text)}</p>`;
}

function facts(found: readonly IFact[]): string {
  const rows = found.map(({ name, value, moment, code, more }) => {
    const shown = moment
      ? `<time datetime="${escaped(moment)}">${escaped(utc(moment))} UTC</time>`
      : escaped(value);
    const below = more ? `<br><span class="dim">${escaped(more)}</span>` : '';
    return `<dt>${escaped(name)}</dt><dd>${code ? `<code>${shown}</code>` : shown}${below}</dd>`;
  });
  return `<dl>${rows.join('\n')}</dl>`;
}

function levels(trans: TranslationBundle): string {
  const rows = LEVELS.map(
    level => `<dt><code>${level}</code></dt><dd>${escaped(levelMeaning(level, trans))}</dd>`
  );
  return `<dl>${rows.join('\n')}</dl>`;
}

function table(caption: string, heads: readonly string[], rows: readonly string[]): string {
  const head = heads.map(one => `<th scope="col">${escaped(one)}</th>`).join('');
  return (
    `<table><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead>` +
    `<tbody>\n${rows.join('\n')}\n</tbody></table>`
  );
}

function jobs(request: IRequestPage, trans: TranslationBundle): string {
  if (request.jobs.length === 0) {
    return dim(trans.__('None: there was nothing to do.'));
  }
  const told = shares(request.jobs, trans).map(
    ({ words, count, percent }) => `${words}: ${count} (${percent}%)`
  );
  const caption = `${complete(request.jobs, trans)}. ${told.join(', ')}`;
  const heads = [
    trans.__('Action'),
    trans.__('Status'),
    trans.__('Job identifier'),
    trans.__('Took'),
    trans.__('Message')
  ];
  return table(
    caption,
    heads,
    request.jobs.map(one => job(one, trans))
  );
}

function job(one: IJob, trans: TranslationBundle): string {
  const look = jobLook(one.state, one.code, trans);
  const more = said(one);
  const code = more?.code ? `<code>${escaped(more.code)}</code> ` : '';
  return (
    `<tr><th scope="row">${escaped(one.action)}</th><td class="${look.tone}">${escaped(look.words)}</td>` +
    `<td><code>${escaped(one.id)}</code></td><td>${escaped(duration(one.elapsed))}</td>` +
    `<td>${code}${escaped(more?.message ?? '')}</td></tr>`
  );
}

function pipeline(source: string): string {
  const lines = yamlSpans(source).map(spans =>
    spans
      .map(({ kind, text }) =>
        kind === 'plain' ? escaped(text) : `<span class="${kind}">${escaped(text)}</span>`
      )
      .join('')
  );
  return `<pre>${lines.join('\n')}</pre>`;
}

function comparison({ found, files }: IShown, trans: TranslationBundle): string {
  if (found === null) {
    return dim(trans.__('None.'));
  }
  const nothing = nothingToShow(found, trans);
  return nothing
    ? dim(nothing)
    : dim(comparedWith(found, trans)) +
        fileList(found.files, trans) +
        files.map(file => fileDifference(file, trans)).join('\n');
}

function plan(request: IRequestPage, trans: TranslationBundle): string {
  const rows = request.plan.map(one => {
    const look = verdictLook(one.verdict, trans);
    return (
      `<tr><th scope="row">${escaped(one.action)}</th>` +
      `<td class="${look.tone}">${escaped(look.words)}</td><td>${escaped(one.reason)}</td></tr>`
    );
  });
  const heads = [trans.__('Action'), trans.__('Plan'), trans.__('Reason')];
  return table(trans.__('The plan when it was asked for'), heads, rows);
}
