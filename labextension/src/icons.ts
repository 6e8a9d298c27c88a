/** The icon of everything here: three boxes, the last of which needs the others. */

import { LabIcon } from '@jupyterlab/ui-components';

const svgstr = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
<g class="jp-icon3 jp-icon-selectable" fill="#616161">
<path d="M3 3h7v5H3zM14 3h7v5h-7zM8.5 16h7v5h-7z"/>
<path d="M5.75 9h1.5v2.5h9.5V9h1.5v4h-5.5v2h-1.5v-2h-5.5z"/>
</g></svg>`;

export const pipelineIcon = new LabIcon({ name: 'jupyter-pipeline:pipeline', svgstr });
