/** The panel at the side. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentWidget } from '@jupyterlab/docregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { pipelineIcon } from '../icons';
import { PipelineModel } from '../model';
import { Commands, IPipelineModel, NAME } from '../tokens';
import { makePanel } from '../widgets';

export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:panel`,
  description: 'The pipeline of the project at hand: actions, outputs, history, problems.',
  autoStart: true,
  requires: [IPipelineModel],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    model: PipelineModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(NAME);
    const { commands } = app;
    const panel = model.missing
      ? notice(model.missing)
      : makePanel(model, trans, {
          run: (actions, force) => void commands.execute(Commands.run, { actions, force }),
          cancel: () => void commands.execute(Commands.cancel),
          refresh: () => void commands.execute(Commands.refresh),
          openGraph: () => void commands.execute(Commands.openGraph),
          openJob: job => void commands.execute(Commands.openJob, { job }),
          openRequest: (request, compareWith) =>
            void commands.execute(Commands.openRequest, { request, compareWith }),
          openOutput: output => void commands.execute(Commands.openOutput, { output: output.id }),
          openReport: job =>
            void commands.execute(Commands.openReport, { job: job.id, action: job.action }),
          openLine: line => void commands.execute(Commands.openLine, { line })
        });
    panel.id = `${NAME}-panel`;
    panel.title.icon = pipelineIcon;
    panel.title.caption = trans.__('Pipeline');
    app.shell.add(panel, 'left', { rank: 350 });
    restorer?.add(panel, panel.id);
    if (model.missing) {
      return;
    }
    commands.addCommand(Commands.openLine, {
      label: trans.__('Open project.yaml'),
      isEnabled: () => model.project !== null,
      execute: async args => {
        const folder = model.picture.project?.path ?? '.';
        const path = folder === '.' ? 'project.yaml' : `${folder}/project.yaml`;
        const widget = await commands.execute('docmanager:open', { path, factory: 'Editor' });
        await (widget as IDocumentWidget | undefined)?.context.ready;
        if (typeof args.line === 'number' && commands.hasCommand('fileeditor:go-to-line')) {
          await commands.execute('fileeditor:go-to-line', { line: args.line });
        }
      }
    });
    commands.addCommand(Commands.openPanel, {
      label: trans.__('Show the Pipeline Panel'),
      icon: pipelineIcon,
      execute: () => app.shell.activateById(panel.id)
    });
    palette?.addItem({ command: Commands.openPanel, category: trans.__('Pipeline') });
  }
};

/** The panel where there is nothing to show: it says what to do. */
function notice(text: string): Widget {
  const widget = new Widget();
  widget.addClass('jp-pipeline-side');
  const sentence = document.createElement('p');
  sentence.className = 'jp-pipeline-warning';
  sentence.textContent = text;
  widget.node.append(sentence);
  return widget;
}
