/** Whether the server part is there, and speaks the same language: asked of the page, so that nothing is asked in vain. */

import { PageConfig } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { API } from '../api';

/** What the server part puts into the page (jupyter_pipeline/server/extension.py). */
const OPTION = 'jupyterPipelineApi';

/** Why nothing can be asked of this server, and what to do; empty where all is well. */
export function whatIsMissing(trans: TranslationBundle): string {
  const found = PageConfig.getOption(OPTION);
  if (found === '') {
    return trans.__(
      'The server part of jupyter_pipeline does not run here. Install jupyter_pipeline where this Jupyter server is ' +
        'installed, see that "jupyter server extension list" calls it enabled, and start the server again.'
    );
  }
  if (found !== String(API)) {
    return trans.__(
      'The server speaks version %1 of the interface of jupyter_pipeline, and this page version %2. Install one ' +
        'release of it, start the server again, and load this page anew.',
      found,
      API
    );
  }
  return '';
}
