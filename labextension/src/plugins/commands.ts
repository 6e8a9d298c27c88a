/** Running and cancelling, for the palette, menus, shortcuts and the other plugins. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { askToRun, IAskOptions } from '../components/RunDialog';
import { PipelineModel } from '../model';
import { Commands, IPipelineModel, NAME } from '../tokens';
import { IRequest } from '../types';

export const commandsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:commands`,
  description: 'Commands that run and cancel.',
  autoStart: true,
  requires: [IPipelineModel],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    model: PipelineModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    if (model.missing) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(NAME);
    const { commands } = app;
    commands.addCommand(Commands.run, {
      label: trans.__('Run the Pipeline...'),
      isEnabled: () => model.project !== null,
      execute: args =>
        run(model, (args.actions as string[] | undefined) ?? ['run_all'], trans, {
          force: args.force === true,
          onOpenLine: line => void commands.execute(Commands.openLine, { line })
        })
    });
    commands.addCommand(Commands.runStale, {
      label: trans.__('Run What Is Not Up to Date...'),
      isEnabled: () => staleOf(model).length > 0,
      execute: () => commands.execute(Commands.run, { actions: staleOf(model) })
    });
    commands.addCommand(Commands.cancel, {
      label: trans.__('Cancel What Is Unfinished...'),
      isEnabled: () => (model.picture.status?.unfinished.length ?? 0) > 0,
      execute: () => cancel(model, trans)
    });
    commands.addCommand(Commands.refresh, {
      label: trans.__('Look at the Pipeline Again'),
      execute: () => model.refresh()
    });
    for (const command of [Commands.run, Commands.runStale, Commands.cancel, Commands.refresh]) {
      palette?.addItem({ command, category: trans.__('Pipeline') });
    }
    tellOfEnds(model, trans, request => void commands.execute(Commands.openRequest, { request }));
  }
};

/** The actions whose outputs are not those of the code as it is. */
function staleOf(model: PipelineModel): string[] {
  const actions = model.picture.status?.actions ?? [];
  return actions.filter(one => one.now === 'stale' || one.now === 'to_run').map(one => one.action);
}

async function run(
  model: PipelineModel,
  actions: string[],
  trans: TranslationBundle,
  options: IAskOptions
): Promise<void> {
  const { project } = model;
  const choice = project && (await askToRun(project, actions, trans, options));
  if (!project || !choice) {
    return;
  }
  try {
    await project.submit(actions, choice.force, choice.revision, UUID.uuid4());
  } catch (error) {
    await tell(trans.__('This cannot be run'), error);
  }
  await model.refresh();
}

async function tell(title: string, error: unknown): Promise<void> {
  await showDialog({ title, body: (error as Error).message, buttons: [Dialog.okButton()] });
}

async function cancel(model: PipelineModel, trans: TranslationBundle): Promise<void> {
  const { project } = model;
  const unfinished = model.picture.status?.unfinished ?? [];
  const answer = await showDialog({
    title: trans.__('Cancel what is unfinished?'),
    body: trans._n('%1 request is unfinished.', '%1 requests are unfinished.', unfinished.length),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Let it run') }),
      Dialog.warnButton({ label: trans.__('Cancel the jobs') })
    ]
  });
  if (project && answer.button.accept) {
    try {
      await Promise.all(unfinished.map(request => project.cancelRequest(request)));
    } catch (error) {
      await tell(trans.__('Not everything was cancelled'), error);
    }
    await model.refresh();
  }
}

/** Say it when a request that was unfinished has ended. */
function tellOfEnds(
  model: PipelineModel,
  trans: TranslationBundle,
  open: (id: string) => void
): void {
  let unfinished = new Map<string, IRequest>();
  model.changed.connect((_, picture) => {
    for (const request of picture.requests) {
      if (
        unfinished.has(request.id) &&
        request.status !== 'pending' &&
        request.status !== 'running'
      ) {
        const text = trans.__('Job request %1: %2', request.number, request.status);
        const actions = [{ label: trans.__('Show'), callback: () => open(request.id) }];
        const type = request.status === 'failed' ? 'error' : 'success';
        Notification.emit(text, type, { autoClose: 10000, actions });
      }
    }
    unfinished = new Map(
      picture.requests
        .filter(one => one.status === 'pending' || one.status === 'running')
        .map(one => [one.id, one])
    );
  });
}
