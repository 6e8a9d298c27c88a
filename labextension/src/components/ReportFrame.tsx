/** What the notebook of a job has become: a page without scripts. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ProjectApi } from '../api';
import { PageFrame } from './PageFrame';

export interface IReportFrameProps {
  project: ProjectApi;
  jobId: string;
  title: string;
  trans: TranslationBundle;
}

export function ReportFrame({ project, jobId, title, trans }: IReportFrameProps): JSX.Element {
  const head = (
    <>
      <span className="jp-pipeline-frame-path">{title}</span>
      <span className="jp-pipeline-dim">{trans.__('Job %1', jobId)}</span>
    </>
  );
  return <PageFrame head={head} src={project.reportUrl(jobId)} title={title} sandbox="" />;
}
