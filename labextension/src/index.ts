/** The plugins of the extension. */

import { commandsPlugin } from './plugins/commands';
import { documentsPlugin } from './plugins/documents';
import { editingPlugin } from './plugins/editing';
import { filesPlugin } from './plugins/files';
import { modelPlugin } from './plugins/model';
import { notebookPlugin } from './plugins/notebook';
import { panelPlugin } from './plugins/panel';
import { statusPlugin } from './plugins/status';

export { IPipelineModel } from './tokens';
export default [
  modelPlugin,
  commandsPlugin,
  panelPlugin,
  documentsPlugin,
  statusPlugin,
  editingPlugin,
  filesPlugin,
  notebookPlugin
];
