/** The counter in the status bar: how many jobs run, and a way to the panel. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar, TextItem } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { usePicture } from '../components/useSignal';
import { PipelineModel } from '../model';
import { Commands, IPipelineModel, NAME } from '../tokens';
import { ComponentWidget } from '../widgets';

export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:status`,
  description: 'Says in the status bar what runs.',
  autoStart: true,
  requires: [IPipelineModel],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    model: PipelineModel,
    bar: IStatusBar | null,
    translator: ITranslator | null
  ): void => {
    if (model.missing || !bar) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(NAME);
    const open = () => void app.commands.execute(Commands.openPanel);
    const item = new ComponentWidget(() => <Counter model={model} trans={trans} onClick={open} />);
    item.removeClass('jp-pipeline-document');
    bar.registerStatusItem(`${NAME}:status`, { item, align: 'left', rank: 20 });
  }
};

function Counter(props: {
  model: PipelineModel;
  trans: TranslationBundle;
  onClick(): void;
}): JSX.Element | null {
  const picture = usePicture(props.model);
  const actions = picture.status?.actions ?? [];
  const running = actions.filter(one => one.now === 'running').length;
  const pending = actions.filter(one => one.now === 'pending').length;
  const failed = actions.filter(one => one.job?.state === 'failed').length;
  if (running + pending + failed === 0) {
    return null;
  }
  const parts = [
    running > 0 && props.trans.__('%1 running', running),
    pending > 0 && props.trans.__('%1 pending', pending),
    failed > 0 && props.trans.__('%1 failed', failed)
  ];
  const text = props.trans.__('Pipeline: %1', parts.filter(Boolean).join(', '));
  return <TextItem source={text} title={text} onClick={props.onClick} role="button" tabIndex={0} />;
}
