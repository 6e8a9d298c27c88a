/** The bar above the graph: search, filters, groups, legend, zoom, export, run. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { GraphView, NodeState } from '../dag';
import { SYMBOLS } from '../dag/looks';
import { words } from '../looks';
import { prefixesOf } from './groups';
import { Button } from './Parts';
import { Popover } from './Popover';
import { saveBlob } from './save';

export interface IGraphFilter {
  text?: string;
  states?: NodeState[];
  withAncestors?: boolean;
  level?: 'highly' | 'moderately';
}

export interface IGraphBarProps {
  trans: TranslationBundle;
  selected: string[];
  /** The names of all actions. */
  actions: readonly string[];
  /** The prefixes whose actions are drawn as one box. */
  collapsed: readonly string[];
  view: GraphView;
  /** Gives how many actions match. */
  onFilter(filter: IGraphFilter): number;
  onCollapse(prefixes: string[]): void;
  onRun(): void;
}

export function GraphBar(props: IGraphBarProps): JSX.Element {
  const { trans, selected, view } = props;
  const label =
    selected.length > 0 ? trans.__('Run selected (%1)', selected.length) : trans.__('Run all');
  return (
    <div className="jp-pipeline-graph-bar" role="toolbar" aria-label={trans.__('Graph')}>
      <Filters {...props} />
      <Groups {...props} />
      <Legend trans={trans} />
      <span className="jp-pipeline-gap" />
      <Button onClick={() => view.fit()}>{trans.__('Fit')}</Button>
      <Button label={trans.__('Zoom in')} onClick={() => view.zoomBy(1.25)}>
        +
      </Button>
      <Button label={trans.__('Zoom out')} onClick={() => view.zoomBy(0.8)}>
        −
      </Button>
      <Button onClick={() => saveBlob(svgOf(view), 'pipeline.svg')}>{trans.__('Save SVG')}</Button>
      <Button onClick={() => void view.toPNG(2).then(blob => saveBlob(blob, 'pipeline.png'))}>
        {trans.__('Save PNG')}
      </Button>
      <Button kind="accept" onClick={props.onRun}>
        {label}
      </Button>
    </div>
  );
}

function Filters({ trans, onFilter }: IGraphBarProps): JSX.Element {
  const [text, setText] = React.useState('');
  const [kind, setKind] = React.useState('all');
  const [found, setFound] = React.useState<number | null>(null);
  const apply = (newText: string, newKind: string) => {
    setText(newText);
    setKind(newKind);
    const count = onFilter({ text: newText.trim() || undefined, ...FILTERS[newKind] });
    setFound(newText.trim() || newKind !== 'all' ? count : null);
  };
  return (
    <>
      <input
        type="search"
        className="jp-pipeline-input"
        placeholder={trans.__('Find an action')}
        aria-label={trans.__('Find an action')}
        value={text}
        onChange={event => apply(event.target.value, kind)}
      />
      <select
        className="jp-pipeline-input"
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
        {found !== null && trans.__('%1 found', found)}
      </span>
    </>
  );
}

/** A button with something below it. */
function Pop(props: { label: string; children: React.ReactNode }): JSX.Element {
  const { label } = props;
  const [at, setAt] = React.useState<{ x: number; y: number } | null>(null);
  const node = React.useRef<HTMLSpanElement>(null);
  const close = React.useCallback(() => setAt(null), []);
  const open = () => {
    const { left, bottom } = node.current!.getBoundingClientRect();
    setAt({ x: left, y: bottom + 2 });
  };
  return (
    <span ref={node}>
      <Button expanded={at !== null} onClick={at === null ? open : close}>
        {label} ▾
      </Button>
      {at && (
        <Popover role="dialog" label={label} at={at} onClose={close}>
          <div className="jp-pipeline-pop">{props.children}</div>
        </Popover>
      )}
    </span>
  );
}

/** Which actions are drawn as one box, by how their names begin. */
function Groups(props: IGraphBarProps): JSX.Element | null {
  const { actions, collapsed, trans, onCollapse } = props;
  const groups = React.useMemo(() => prefixesOf(actions), [actions]);
  if (groups.length === 0) {
    return null;
  }
  const toggle = (prefix: string) =>
    onCollapse(
      collapsed.includes(prefix) ? collapsed.filter(one => one !== prefix) : [...collapsed, prefix]
    );
  const label =
    collapsed.length > 0 ? trans.__('Groups (%1)', collapsed.length) : trans.__('Groups');
  return (
    <Pop label={label}>
      <p className="jp-pipeline-dim">{trans.__('Draw as one box what begins with')}</p>
      <ul>
        {groups.map(({ prefix, count }) => (
          <li key={prefix}>
            <label className="jp-pipeline-choice">
              <input
                type="checkbox"
                checked={collapsed.includes(prefix)}
                onChange={() => toggle(prefix)}
              />
              <span>
                {prefix} <span className="jp-pipeline-dim">{count}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <div className="jp-pipeline-buttons">
        <Button onClick={() => onCollapse(groups.map(one => one.prefix))}>{trans.__('All')}</Button>
        <Button onClick={() => onCollapse([])}>{trans.__('None')}</Button>
      </div>
    </Pop>
  );
}

const LEGEND: readonly NodeState[] = [
  'up_to_date',
  'stale',
  'to_run',
  'pending',
  'running',
  'failed',
  'cancelled',
  'cannot_run'
];

function Legend({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <Pop label={trans.__('Legend')}>
      <ul className="jp-dag-key">
        {LEGEND.map(state => (
          <li key={state}>
            <StateSymbol state={state} />
            {words(state, trans)}
          </li>
        ))}
        <li>
          <span className="jp-pipeline-level jp-mod-highly">{trans.__('H')}</span>
          {trans.__('makes outputs that only code may read')}
        </li>
        <li>
          <span className="jp-pipeline-level jp-mod-moderately">{trans.__('M')}</span>
          {trans.__('makes outputs that may be viewed')}
        </li>
      </ul>
      <p className="jp-pipeline-dim">
        {trans.__('An arrow leads from what is needed to what needs it.')}
      </p>
    </Pop>
  );
}

function StateSymbol({ state }: { state: NodeState }): JSX.Element {
  const { shape, mark, solid } = SYMBOLS[state];
  return (
    <svg
      className={`jp-mod-${state} ${solid ? 'jp-mod-solid' : ''}`}
      width="14"
      height="14"
      viewBox="0 0 14 14"
      aria-hidden="true"
    >
      <path d={shape} />
      <path d={mark} />
    </svg>
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
