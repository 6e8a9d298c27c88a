/** How far all that is unfinished has come: jobs, cells of notebooks, time. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { clock } from '../format';
import { IPicture } from '../model';
import { progressOfAll } from '../progress';
import { useNow } from './useLoaded';

export interface IProgressProps {
  picture: IPicture;
  trans: TranslationBundle;
}

export function Progress({ picture, trans }: IProgressProps): JSX.Element | null {
  const found = progressOfAll(picture);
  const now = useNow(found !== null);
  if (found === null) {
    return null;
  }
  const { done, jobs, cells, cellsDone, since, expected } = found;
  const elapsed = since === null ? null : Math.max((now - Date.parse(since)) / 1000, 0);
  const told = trans._n('%2 of %1 job done', '%2 of %1 jobs done', jobs, done);
  return (
    <div className="jp-pipeline-progress">
      <progress max={jobs} value={done + (cells > 0 ? cellsDone / cells : 0)} aria-label={told} />
      <span role="status">{told}</span>
      {cells > 0 && (
        <span className="jp-pipeline-dim">
          {trans.__('cell %1 of %2', Math.min(cellsDone + 1, cells), cells)}
        </span>
      )}
      {elapsed !== null && (
        <span className="jp-pipeline-dim jp-pipeline-number">
          {expected === null
            ? clock(elapsed)
            : trans.__('%1 of about %2', clock(elapsed), clock(expected))}
        </span>
      )}
    </div>
  );
}
