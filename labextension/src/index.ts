/** The plugins of the extension. */

import { commandsPlugin } from './plugins/commands';
import { documentsPlugin } from './plugins/documents';
import { modelPlugin } from './plugins/model';
import { panelPlugin } from './plugins/panel';
import { statusPlugin } from './plugins/status';

export { IPipelineModel } from './tokens';
export default [modelPlugin, commandsPlugin, panelPlugin, documentsPlugin, statusPlugin];
