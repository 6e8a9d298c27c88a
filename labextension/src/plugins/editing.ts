/** Help with writing project.yaml: marks where something is wrong, what a key means, what can stand there. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { ICompletionContext, ICompletionProviderManager } from '@jupyterlab/completer';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor, IEditorTracker } from '@jupyterlab/fileeditor';
import { Contents } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';
import { PipelineCompletion } from '../editing/completion';
import { checkAgain, editingHelp } from '../editing/extension';
import { IFacts } from '../editing/proposals';
import { Finder, IPlaced } from '../finder';
import { PipelineModel } from '../model';
import { IPipelineModel, NAME } from '../tokens';
import { ISchema } from '../types';

const FILE = 'project.yaml';

export const editingPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:editing`,
  description: 'Marks, hover texts and completion in project.yaml.',
  autoStart: true,
  requires: [IPipelineModel],
  optional: [IEditorTracker, ICompletionProviderManager],
  activate: (
    app: JupyterFrontEnd,
    model: PipelineModel,
    editors: IEditorTracker | null,
    completion: ICompletionProviderManager | null
  ): void => {
    if (model.missing || !editors) {
      return;
    }
    const help = new Help(model, app.serviceManager.contents);
    editors.forEach(widget => help.attach(widget));
    editors.widgetAdded.connect((_, widget) => help.attach(widget));
    completion?.registerProvider(
      new PipelineCompletion(
        context => pathOf(context.widget) !== null,
        context => help.facts(context)
      )
    );
  }
};

/** The path of the project.yaml that a widget shows; null where it shows something else. */
function pathOf(widget: Widget): string | null {
  const { context } = widget as unknown as Partial<IDocumentWidget<FileEditor>>;
  return context && PathExt.basename(context.localPath) === FILE ? context.path : null;
}

class Help {
  constructor(
    private readonly _model: PipelineModel,
    private readonly _contents: Contents.IManager
  ) {
    this._finder = new Finder(_model, _contents);
  }

  /** Give an editor its help, if it shows a project.yaml; it is checked anew whenever the file is saved. */
  attach(widget: IDocumentWidget<FileEditor>): void {
    const { editor } = widget.content;
    if (pathOf(widget) === null || !(editor instanceof CodeMirrorEditor)) {
      return;
    }
    const extension = editingHelp({
      check: async text =>
        (await (await this._placed(widget))?.project.check(text))?.problems ?? [],
      schema: () => this._schema()
    });
    void widget.context.ready.then(() => {
      if (!editor.isDisposed) {
        editor.injectExtension(extension);
      }
    });
    widget.context.saveState.connect((_, state) => {
      if (state === 'completed') {
        checkAgain(editor.editor);
        void this._model.refresh();
      }
    });
  }

  async facts(context: ICompletionContext): Promise<Omit<IFacts, 'actions'> | null> {
    const placed = await this._placed(context.widget);
    const schema = await this._schema();
    if (!placed || !schema) {
      return null;
    }
    const runtimes = await placed.project.runtimes().catch(() => []);
    const used = runtimes.filter(one => one.used);
    const names = [...used, ...runtimes.filter(one => !one.used)].flatMap(one => [
      one.name,
      ...one.aliases
    ]);
    return { schema, runtimes: [...new Set(names)], list: folder => this._list(placed, folder) };
  }

  private async _list(placed: IPlaced, folder: string): Promise<string[]> {
    const found = await this._contents
      .get(Finder.pathOf(placed.name, folder), { content: true })
      .catch(() => null);
    const entries: Contents.IModel[] = found?.type === 'directory' ? found.content : [];
    return entries.map(one => (one.type === 'directory' ? `${one.name}/` : one.name)).sort();
  }

  private async _placed(widget: Widget): Promise<IPlaced | null> {
    const path = pathOf(widget);
    return path === null ? null : this._finder.find(path);
  }

  /** The schema, asked for once. */
  private _schema(): Promise<ISchema | null> {
    this._asked ??= this._model.api.schema().catch(() => {
      this._asked = null;
      return null;
    });
    return this._asked;
  }

  private readonly _finder: Finder;
  private _asked: Promise<ISchema | null> | null = null;
}
