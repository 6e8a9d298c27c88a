/** States as a symbol and a word. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IRequest, JobState } from '../types';
import { ILook, jobLook, statusLook } from './looks';
import { Symbol } from './Symbol';

export interface IStateBadgeProps {
  state: JobState;
  code: string;
  trans: TranslationBundle;
}

/** The state of a job. */
export function StateBadge({ state, code, trans }: IStateBadgeProps): JSX.Element {
  return <Badge look={jobLook(state, code, trans)} />;
}

export interface IStatusBadgeProps {
  request: Pick<IRequest, 'status' | 'cancelled'>;
  trans: TranslationBundle;
}

/** The status of a request. */
export function StatusBadge({ request, trans }: IStatusBadgeProps): JSX.Element {
  const look = statusLook(request.status, trans);
  const words = request.cancelled ? trans.__('%1, cancelled', look.words) : look.words;
  return <Badge look={{ ...look, words }} />;
}

/** Any look. */
export function Badge({ look }: { look: ILook }): JSX.Element {
  return (
    <span className={`jp-pipeline-badge jp-mod-${look.tone}`}>
      <Symbol name={look.symbol} />
      <span>{look.words}</span>
    </span>
  );
}
