/** The model, for the other plugins and for other extensions. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Api } from '../api';
import { PipelineModel } from '../model';
import { IPipelineModel, NAME } from '../tokens';
import { whatIsMissing } from './server';

const ID = `${NAME}:model`;

export const modelPlugin: JupyterFrontEndPlugin<PipelineModel> = {
  id: ID,
  description: 'Keeps what is known of the pipeline up to date.',
  autoStart: true,
  provides: IPipelineModel,
  optional: [IDefaultFileBrowser, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    browser: IDefaultFileBrowser | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): PipelineModel => {
    const model = new PipelineModel(
      new Api(app.serviceManager.serverSettings),
      app.serviceManager,
      whatIsMissing((translator ?? nullTranslator).load(NAME))
    );
    let follows = true;
    const follow = () => {
      if (browser && follows) {
        void model.follow(browser.model.path);
      }
    };
    browser?.model.pathChanged.connect(follow);
    void app.restored.then(async () => {
      const settings = await registry?.load(ID);
      const apply = () => {
        follows = (settings?.composite.follow as boolean | undefined) ?? true;
        model.lookEvery((settings?.composite.interval as number | undefined) ?? 10);
      };
      settings?.changed.connect(apply);
      apply();
      follow();
    });
    return model;
  }
};
