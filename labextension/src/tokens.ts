/** What other extensions may ask for. */

import { Token } from '@lumino/coreutils';
import { PipelineModel } from './model';

/** The identifier of this extension: of its plugins, settings and translations. */
export const NAME = 'jupyter-pipeline';

export const IPipelineModel = new Token<PipelineModel>(
  `${NAME}:IPipelineModel`,
  'The pipeline that is shown, kept up to date.'
);

/** The commands, for menus, shortcuts and other extensions. */
export const Commands = {
  openPanel: `${NAME}:open-panel`,
  openGraph: `${NAME}:open-graph`,
  openJob: `${NAME}:open-job`,
  openRequest: `${NAME}:open-request`,
  openOutput: `${NAME}:open-output`,
  openComparison: `${NAME}:open-comparison`,
  openReport: `${NAME}:open-report`,
  openLine: `${NAME}:open-line`,
  openProject: `${NAME}:open-project`,
  check: `${NAME}:check`,
  convert: `${NAME}:convert`,
  addAction: `${NAME}:add-action`,
  runNotebook: `${NAME}:run-notebook`,
  run: `${NAME}:run`,
  runStale: `${NAME}:run-stale`,
  cancel: `${NAME}:cancel`,
  refresh: `${NAME}:refresh`
};
