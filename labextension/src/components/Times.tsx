/** A moment in UTC, with the same moment where the reader is. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { local, utc } from '../format';

export interface ITimesProps {
  moment: string | null;
  trans: TranslationBundle;
  /** Whether to say UTC beside it. */
  zone?: boolean;
  /** Whether to write the local time below it, and not only to tell it on hovering. */
  both?: boolean;
}

export function Times({ moment, trans, zone, both }: ITimesProps): JSX.Element {
  if (!moment) {
    return <span className="jp-pipeline-dim">–</span>;
  }
  const here = trans.__('%1 local', local(moment));
  return (
    <>
      <time className="jp-pipeline-time" dateTime={moment} title={both ? undefined : here}>
        {utc(moment)}
        {zone && <span className="jp-pipeline-dim"> UTC</span>}
      </time>
      {both && <span className="jp-pipeline-dim jp-pipeline-below">{here}</span>}
    </>
  );
}
