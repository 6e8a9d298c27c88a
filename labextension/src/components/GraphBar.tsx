/** The bar above the graph: search, filters, zoom, export, run. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { GraphView, NodeState } from '../dag';

export interface IGraphFilter {
  text?: string;
  states?: NodeState[];
  withAncestors?: boolean;
  level?: 'highly' | 'moderately';
}

export interface IGraphBarProps {
  trans: TranslationBundle;
  selected: string[];
  view: GraphView;
  onFilter(filter: IGraphFilter): number;
  onRun(): void;
}

export function GraphBar({ trans, selected, view, onFilter, onRun }: IGraphBarProps): JSX.Element {
  const [text, setText] = React.useState('');
  const [kind, setKind] = React.useState('all');
  const [found, setFound] = React.useState<number | null>(null);
  const apply = (newText: string, newKind: string) => {
    setText(newText);
    setKind(newKind);
    const count = onFilter({ text: newText.trim() || undefined, ...FILTERS[newKind] });
    setFound(newText.trim() || newKind !== 'all' ? count : null);
  };
  const label =
    selected.length > 0 ? trans.__('Run selected (%1)', selected.length) : trans.__('Run all');
  return (
    <div className="jp-pipeline-graph-bar" role="toolbar" aria-label={trans.__('Graph')}>
      <input
        type="search"
        className="jp-pipeline-control"
        placeholder={trans.__('Find an action')}
        aria-label={trans.__('Find an action')}
        value={text}
        onChange={event => apply(event.target.value, kind)}
      />
      <select
        className="jp-pipeline-control"
        aria-label={trans.__('Show')}
        value={kind}
        onChange={event => apply(text, event.target.value)}
      >
        <option value="all">{trans.__('All actions')}</option>
        <option value="failed">{trans.__('Failed, and what they need')}</option>
        <option value="stale">{trans.__('Stale or to run')}</option>
        <option value="active">{trans.__('Running or pending')}</option>
        <option value="highly">{trans.__('With highly sensitive outputs')}</option>
        <option value="moderately">{trans.__('With moderately sensitive outputs')}</option>
      </select>
      <span className="jp-pipeline-sub" aria-live="polite">
        {found !== null && trans._n('%1 found', '%1 found', found)}
      </span>
      <span className="jp-pipeline-gap" />
      <button type="button" className="jp-pipeline-button" onClick={() => view.fit()}>
        {trans.__('Fit')}
      </button>
      <button
        type="button"
        className="jp-pipeline-button"
        aria-label={trans.__('Zoom in')}
        onClick={() => view.zoomBy(1.25)}
      >
        +
      </button>
      <button
        type="button"
        className="jp-pipeline-button"
        aria-label={trans.__('Zoom out')}
        onClick={() => view.zoomBy(0.8)}
      >
        −
      </button>
      <button
        type="button"
        className="jp-pipeline-button"
        onClick={() => save(svgOf(view), 'pipeline.svg')}
      >
        {trans.__('Save SVG')}
      </button>
      <button
        type="button"
        className="jp-pipeline-button"
        onClick={() => void view.toPNG(2).then(blob => save(blob, 'pipeline.png'))}
      >
        {trans.__('Save PNG')}
      </button>
      <button type="button" className="jp-pipeline-button jp-mod-accept" onClick={onRun}>
        {label}
      </button>
    </div>
  );
}

const FILTERS: Record<string, IGraphFilter> = {
  all: {},
  failed: { states: ['failed'], withAncestors: true },
  stale: { states: ['stale', 'to_run'] },
  active: { states: ['running', 'pending'] },
  highly: { level: 'highly' },
  moderately: { level: 'moderately' }
};

function svgOf(view: GraphView): Blob {
  return new Blob([view.toSVG()], { type: 'image/svg+xml' });
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
