/** The button in the toolbar of a notebook that runs it as the action it is, or makes it one. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, ToolbarButtonComponent } from '@jupyterlab/ui-components';
import * as React from 'react';
import { actionsNaming, Finder, IPlaced } from '../finder';
import { pipelineIcon } from '../icons';
import { PipelineModel } from '../model';
import { Commands, IPipelineModel, NAME } from '../tokens';
import { IPipeline } from '../types';

export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:notebook`,
  description: 'Runs a notebook as the action of the pipeline that it is.',
  autoStart: true,
  requires: [IPipelineModel],
  optional: [INotebookTracker, ITranslator, ICommandPalette, IToolbarWidgetRegistry],
  activate: (
    app: JupyterFrontEnd,
    model: PipelineModel,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    toolbars: IToolbarWidgetRegistry | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(NAME);
    if (model.missing || !notebooks) {
      // The settings name the button; without this they would make a dead one.
      toolbars?.addFactory('Notebook', 'pipeline', () => hidden());
      return;
    }
    const finder = new Finder(model, app.serviceManager.contents);
    const run = async (panel: NotebookPanel) => {
      const found = await actionsOf(panel, finder);
      if (found) {
        await runAs(panel, found, app, model, trans);
      }
    };
    app.commands.addCommand(Commands.runNotebook, {
      label: trans.__('Run the Notebook as a Pipeline Action...'),
      isEnabled: () => notebooks.currentWidget !== null,
      execute: async () => {
        if (notebooks.currentWidget) {
          await run(notebooks.currentWidget);
        }
      }
    });
    palette?.addItem({ command: Commands.runNotebook, category: trans.__('Pipeline') });
    toolbars?.addFactory<NotebookPanel>(
      'Notebook',
      'pipeline',
      panel => new RunButton(panel, finder, trans, () => void run(panel))
    );
  }
};

interface IFound {
  placed: IPlaced;
  /** The actions that execute or name the notebook. */
  actions: string[];
}

async function actionsOf(panel: NotebookPanel, finder: Finder): Promise<IFound | null> {
  const placed = await finder.find(panel.context.path);
  if (!placed) {
    return null;
  }
  const pipeline = await finder.pipeline(placed);
  return { placed, actions: pipeline ? actionsNaming(pipeline, placed.path) : [] };
}

async function runAs(
  panel: NotebookPanel,
  { placed, actions }: IFound,
  app: JupyterFrontEnd,
  model: PipelineModel,
  trans: TranslationBundle
): Promise<void> {
  if (actions.length === 0) {
    await app.commands.execute(Commands.addAction, { path: panel.context.path });
    return;
  }
  const chosen = await oneOf(actions, trans);
  if (!chosen) {
    return;
  }
  if (panel.context.model.dirty) {
    await panel.context.save(); // what runs is what is on disk
  }
  await model.open(placed.name.id, placed.project.backend);
  await app.commands.execute(Commands.run, { actions: [chosen] });
}

async function oneOf(actions: string[], trans: TranslationBundle): Promise<string | null> {
  if (actions.length === 1) {
    return actions[0];
  }
  const answer = await InputDialog.getItem({
    title: trans.__('Several actions use this notebook'),
    label: trans.__('Run'),
    items: actions
  });
  return answer.button.accept ? answer.value : null;
}

function hidden(): ReactWidget {
  const widget = ReactWidget.create(<></>);
  widget.hide();
  return widget;
}

/** Shown in notebooks of projects; says which action it would run. */
class RunButton extends ReactWidget {
  constructor(
    private readonly _panel: NotebookPanel,
    private readonly _finder: Finder,
    private readonly _trans: TranslationBundle,
    private readonly _run: () => void
  ) {
    super();
    this.addClass('jp-pipeline-notebook-button');
    this.hide();
    _finder.model.changed.connect(this._onChanged, this);
    _panel.context.pathChanged.connect(this._look, this);
    this._look();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._finder.model.changed.disconnect(this._onChanged, this);
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const [name] = this._actions;
    return (
      <ToolbarButtonComponent
        icon={pipelineIcon}
        tooltip={
          name
            ? trans.__('Run this notebook as the action %1 of the pipeline', name)
            : trans.__('Add this notebook to the pipeline as an action')
        }
        onClick={this._run}
      />
    );
  }

  private _onChanged(): void {
    const { pipeline, projects } = this._finder.model.picture;
    const known = projects.map(one => one.id).join();
    if (pipeline !== this._pipeline || known !== this._known) {
      this._pipeline = pipeline;
      this._known = known;
      this._look();
    }
  }

  private _look(): void {
    void actionsOf(this._panel, this._finder).then(found => {
      if (!this.isDisposed) {
        this._actions = found?.actions ?? [];
        this.setHidden(found === null);
        this.update();
      }
    });
  }

  private _actions: string[] = [];
  private _pipeline: IPipeline | null = null;
  private _known = '';
}
