/** The widgets of the main area and the side: each a frame around one component or drawing. */

import { ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { SplitPanel, Widget } from '@lumino/widgets';
import * as React from 'react';
import { GraphBar, IGraphFilter } from './components/GraphBar';
import { IPanelCallbacks, Panel } from './components/Panel';
import { GraphView } from './dag';
import { looksOf } from './looks';
import { IPicture, PipelineModel } from './model';
import { IPipeline } from './types';

/** A component in a widget. */
export class ComponentWidget extends ReactWidget {
  constructor(private readonly _draw: () => JSX.Element) {
    super();
    this.addClass('jp-pipeline-document');
  }

  protected render(): JSX.Element {
    return this._draw();
  }
}

/** Pixels that the panel is given at first, where JupyterLab leaves it less than this many. */
const WIDTH = 420;
const NARROW = 260;

/** The panel at the side: it opens at a width at which it can be read, and is never widened twice. */
class SideWidget extends ComponentWidget {
  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    if (!this._isWide) {
      requestAnimationFrame(() => this._widen());
    }
  }

  /** A layout that nobody has changed leaves the sides as narrow as may be. */
  private _widen(): void {
    let side: Widget = this;
    while (side.parent && !(side.parent instanceof SplitPanel)) {
      side = side.parent;
    }
    const split = side.parent;
    if (!(split instanceof SplitPanel) || !this.isVisible) {
      return;
    }
    this._isWide = true;
    const shown = split.widgets.filter(widget => widget.isVisible);
    const sizes = shown.map(widget => widget.node.offsetWidth);
    const at = shown.indexOf(side);
    const largest = sizes.indexOf(Math.max(...sizes));
    const more = Math.min(WIDTH, split.node.offsetWidth / 3) - sizes[at];
    if (sizes[at] > NARROW || more <= 0 || at === largest) {
      return;
    }
    sizes[at] += more;
    sizes[largest] -= more;
    split.setRelativeSizes(
      split.widgets.map(widget => (widget.isVisible ? sizes[shown.indexOf(widget)] : 0))
    );
  }

  private _isWide = false;
}

/** The panel at the side. */
export function makePanel(
  model: PipelineModel,
  trans: TranslationBundle,
  callbacks: IPanelCallbacks
): ReactWidget {
  const panel = new SideWidget(() => <Panel model={model} trans={trans} callbacks={callbacks} />);
  panel.removeClass('jp-pipeline-document');
  panel.addClass('jp-pipeline-side');
  return panel;
}

export interface IGraphCallbacks {
  openAction(name: string): void;
  run(actions: string[]): void;
}

/** The graph in the main area. */
export class GraphWidget extends Widget {
  constructor(model: PipelineModel, trans: TranslationBundle, callbacks: IGraphCallbacks) {
    super();
    this.addClass('jp-pipeline-graph');
    this._model = model;
    this._trans = trans;
    const bar = document.createElement('div');
    const host = document.createElement('div');
    host.className = 'jp-pipeline-graph-host';
    this.node.append(bar, host);
    this._view = new GraphView(host, {
      open: name => callbacks.openAction(name),
      collapsed: prefixes => this._collapse(prefixes),
      select: names => {
        this._selected = names;
        this._bar.update();
      }
    });
    this._bar = new ComponentWidget(() => (
      <GraphBar
        trans={trans}
        selected={this._selected}
        actions={this._names}
        collapsed={this._collapsed}
        view={this._view}
        onFilter={filter => this._filter(filter)}
        onCollapse={prefixes => {
          this._view.setCollapsed(prefixes);
          this._collapse(prefixes);
        }}
        onRun={() => callbacks.run(this._selected.length > 0 ? this._selected : ['run_all'])}
      />
    ));
    this._barHost = bar;
    model.changed.connect(this._onChanged, this);
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._model.changed.disconnect(this._onChanged, this);
    this._view.dispose();
    this._bar.dispose();
    super.dispose();
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    Widget.attach(this._bar, this._barHost);
    this._onChanged(this._model, this._model.picture);
    this._view.fit();
  }

  protected onBeforeDetach(message: Message): void {
    Widget.detach(this._bar);
    super.onBeforeDetach(message);
  }

  protected onActivateRequest(): void {
    this._view.select(this._selected, true);
  }

  private _onChanged(_: PipelineModel, picture: IPicture): void {
    const { pipeline } = picture;
    if (pipeline && pipeline !== this._pipeline) {
      this._view.setGraph(pipeline.graph);
      this._pipeline = pipeline;
      this._names = pipeline.actions.map(action => action.name);
      this._bar.update();
    }
    this._view.setLooks(looksOf(picture, this._trans));
  }

  private _collapse(prefixes: string[]): void {
    this._collapsed = prefixes;
    this._bar.update();
  }

  private _filter(filter: IGraphFilter): number {
    return this._view.setFilter(filter);
  }

  private readonly _model: PipelineModel;
  private readonly _trans: TranslationBundle;
  private readonly _view: GraphView;
  private readonly _bar: ComponentWidget;
  private readonly _barHost: HTMLElement;
  private _selected: string[] = [];
  private _names: string[] = [];
  private _collapsed: string[] = [];
  private _pipeline: IPipeline | null = null;
}
