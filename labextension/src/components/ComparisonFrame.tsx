/** An output beside an earlier one: a page of the server's, without scripts. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ProjectApi } from '../api';
import { LevelBadge } from './LevelBadge';
import { PageFrame } from './PageFrame';
import { Waiting } from './Parts';
import { useLoaded } from './useLoaded';

export interface IComparisonFrameProps {
  project: ProjectApi;
  /** The identifier of the earlier output. */
  left: string;
  right: string;
  trans: TranslationBundle;
}

export function ComparisonFrame(props: IComparisonFrameProps): JSX.Element {
  const { project, left, right, trans } = props;
  // the earlier one is asked for as well, so that it is said in words if it is not there any more
  const load = async () => (await Promise.all([project.output(right), project.output(left)]))[0];
  const { value, problem, reload } = useLoaded(load, `${left} ${right}`);
  const path = value?.path ?? '';
  const head = value && (
    <>
      <span className="jp-pipeline-frame-path">{path}</span>
      <LevelBadge level={value.level} trans={trans} />
      <span className="jp-pipeline-dim">{trans.__('beside an earlier one')}</span>
    </>
  );
  return (
    <PageFrame
      head={head}
      src={value && project.comparisonUrl(right, left)}
      title={trans.__('Comparison of %1', path)}
      sandbox="allow-same-origin"
    >
      {!value && <Waiting problem={problem} reload={reload} trans={trans} />}
    </PageFrame>
  );
}
