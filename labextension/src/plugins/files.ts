/** What can be done with a file of a project from the file browser, the palette or its own window. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry, IDocumentWidget } from '@jupyterlab/docregistry';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { askToAdd } from '../editing/AddAction';
import { actionOf } from '../editing/newAction';
import { Finder, IPlaced } from '../finder';
import { pipelineIcon } from '../icons';
import { PipelineModel } from '../model';
import { Commands, IPipelineModel, NAME } from '../tokens';
import { IChecked } from '../types';

const FILE = 'project.yaml';
const NOTEBOOK = '.ipynb';

export const filesPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:files`,
  description: 'Commands on project.yaml and on notebooks.',
  autoStart: true,
  requires: [IPipelineModel],
  optional: [IDocumentManager, ITranslator, ICommandPalette, IFileBrowserFactory],
  activate: (
    app: JupyterFrontEnd,
    model: PipelineModel,
    documents: IDocumentManager | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    browsers: IFileBrowserFactory | null
  ): void => {
    if (model.missing || !documents) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(NAME);
    const files = new Files(app, new Finder(model, app.serviceManager.contents), documents, trans);
    /** The file that a command is about: named, in the window at hand, or selected in the file browser. */
    const path = (args: { path?: unknown; browser?: unknown }): string => {
      const selected = browsers?.tracker.currentWidget?.selectedItems().next();
      const clicked = selected && !selected.done ? selected.value.path : '';
      const shown = (app.shell.currentWidget as Partial<IDocumentWidget> | null)?.context?.path;
      return String(args.path ?? (args.browser ? clicked : (shown ?? clicked)) ?? '');
    };
    const add = (
      id: string,
      label: string,
      isFor: (path: string) => boolean,
      execute: (path: string) => Promise<void>
    ) => {
      app.commands.addCommand(id, {
        label,
        icon: args => (args.browser ? pipelineIcon : undefined),
        isVisible: args => !args.browser || isFor(path(args)),
        isEnabled: args => isFor(path(args)),
        execute: args => files.told(execute(path(args)))
      });
      palette?.addItem({ command: id, category: trans.__('Pipeline') });
    };
    const isProject = (one: string) => PathExt.basename(one) === FILE;
    const isNotebook = (one: string) => one.endsWith(NOTEBOOK);
    add(Commands.openProject, trans.__('Open in the Pipeline Panel'), isProject, one =>
      files.open(one)
    );
    add(Commands.check, trans.__('Check project.yaml'), isProject, one => files.check(one));
    add(Commands.convert, trans.__('Convert to HTML Report'), isNotebook, one =>
      files.convert(one)
    );
    add(Commands.addAction, trans.__('Add as an Action...'), isNotebook, one =>
      files.addAction(one)
    );
  }
};

class Files {
  constructor(
    private readonly _app: JupyterFrontEnd,
    private readonly _finder: Finder,
    private readonly _documents: IDocumentManager,
    private readonly _trans: TranslationBundle
  ) {}

  /** Wait for something, and say in a dialog what went wrong. */
  async told(doing: Promise<void>): Promise<void> {
    try {
      await doing;
    } catch (error) {
      await showDialog({
        title: this._trans.__('That did not work'),
        body: (error as Error).message,
        buttons: [Dialog.okButton()]
      });
    }
  }

  async open(path: string): Promise<void> {
    const { name } = await this._placed(path);
    await this._finder.model.open(name.id, undefined, true);
    await this._app.commands.execute(Commands.openPanel);
  }

  async check(path: string): Promise<void> {
    const placed = await this._placed(path);
    await this._save(path);
    const found = await placed.project.problems();
    const show = () => void this.told(this.open(path));
    Notification.emit(this._sentence(found), found.valid ? 'success' : 'error', {
      autoClose: 8000,
      actions: [{ label: this._trans.__('Show'), callback: show }]
    });
  }

  /** Make the report of a notebook, and open it. */
  async convert(path: string): Promise<void> {
    const placed = await this._placed(path);
    await this._save(path);
    const report = await placed.project.convert(placed.path);
    const made = Finder.pathOf(placed.name, report);
    const shown = this._documents.findWidget(made);
    if (shown) {
      await shown.context.revert();
    }
    this._documents.openOrReveal(made);
  }

  /** Write a notebook into project.yaml as an action, after showing the lines; the file is opened at them. */
  async addAction(path: string): Promise<void> {
    const placed = await this._placed(path);
    const file = Finder.pathOf(placed.name, FILE);
    if (!(await this._isSaved(file))) {
      return;
    }
    const pipeline = await this._finder.pipeline(placed);
    const ask = { project: placed.project, notebook: placed.path, pipeline };
    const answer = await askToAdd(ask, this._trans);
    if (!answer) {
      return;
    }
    const added = await placed.project.addAction(actionOf(answer.form), answer.seen, true);
    await this._finder.model.refresh();
    await this._openAt(file, added.added.find(one => one.text.trim())?.line ?? 1);
  }

  private async _openAt(path: string, line: number): Promise<void> {
    const shown = this._context(path);
    await shown?.revert();
    const { commands } = this._app;
    await commands.execute('docmanager:open', { path, factory: 'Editor' });
    const context = this._context(path);
    await context?.ready;
    if (commands.hasCommand('fileeditor:go-to-line')) {
      await commands.execute('fileeditor:go-to-line', { line });
    }
  }

  /** Whether a file has nothing that is not on disk, if need be after asking to save it. */
  private async _isSaved(path: string): Promise<boolean> {
    const context = this._context(path);
    if (!context?.model.dirty) {
      return true;
    }
    const answer = await showDialog({
      title: this._trans.__('project.yaml is not saved'),
      body: this._trans.__(
        'It has changes that are not on disk. They must be saved before lines are added.'
      ),
      buttons: [
        Dialog.cancelButton({ label: this._trans.__('Cancel') }),
        Dialog.okButton({ label: this._trans.__('Save it') })
      ]
    });
    if (answer.button.accept) {
      await context.save();
    }
    return answer.button.accept;
  }

  /** Save a file that is open and has changes: what is on disk is what counts. */
  private async _save(path: string): Promise<void> {
    const context = this._context(path);
    if (context?.model.dirty) {
      await context.save();
    }
  }

  private _context(path: string): DocumentRegistry.Context | undefined {
    const widget = this._documents.findWidget(path, null);
    return widget && this._documents.contextForWidget(widget);
  }

  private async _placed(path: string): Promise<IPlaced> {
    const placed = await this._finder.find(path);
    if (!placed) {
      throw new Error(
        this._trans.__(
          '%1 belongs to no project: there is no project.yaml in its folder or above it.',
          path
        )
      );
    }
    return placed;
  }

  private _sentence(found: IChecked): string {
    const { errors, warnings, hints } = found;
    const trans = this._trans;
    const counts = [
      errors > 0 && trans._n('%1 error', '%1 errors', errors),
      warnings > 0 && trans._n('%1 warning', '%1 warnings', warnings),
      hints > 0 && trans._n('%1 hint', '%1 hints', hints)
    ].filter(Boolean);
    const more = counts.length > 0 ? counts.join(', ') : trans.__('no problems');
    return found.valid
      ? trans.__('project.yaml is valid: %1.', more)
      : trans.__('project.yaml is not valid: %1.', more);
  }
}
