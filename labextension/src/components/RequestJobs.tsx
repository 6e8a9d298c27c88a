/** The jobs of a request: how many are in which state, and each with what there is to say of it. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { duration } from '../format';
import { IJob, IRequestPage } from '../types';
import { statusLook } from './looks';
import { Name } from './Name';
import { Link, Section } from './Parts';
import { complete, said, shares } from './requestFacts';
import { Sentence } from './Sentence';
import { Badge, StateBadge } from './StateBadge';

export interface IRequestJobsProps {
  request: IRequestPage;
  trans: TranslationBundle;
  onOpenJob(job: string, action: string): void;
}

export function RequestJobs(props: IRequestJobsProps): JSX.Element {
  const { request, trans } = props;
  if (request.jobs.length === 0) {
    return (
      <Section title={trans.__('Jobs')}>
        <p className="jp-pipeline-dim">{trans.__('None: there was nothing to do.')}</p>
      </Section>
    );
  }
  return (
    <Section
      title={trans.__('Jobs')}
      beside={<span className="jp-pipeline-dim">{complete(request.jobs, trans)}</span>}
    >
      <Statistics request={request} trans={trans} />
      <table className="jp-pipeline-rows jp-pipeline-jobs">
        <caption className="jp-pipeline-unseen">{trans.__('Jobs of this request')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Action')}</th>
            <th scope="col">{trans.__('Status')}</th>
            <th scope="col" className="jp-pipeline-number">
              {trans.__('Took')}
            </th>
            <th scope="col">{trans.__('Job identifier')}</th>
          </tr>
        </thead>
        <tbody>
          {request.jobs.map(job => (
            <JobRow key={job.id} job={job} trans={trans} onOpen={props.onOpenJob} />
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Statistics({ request, trans }: Omit<IRequestJobsProps, 'onOpenJob'>): JSX.Element {
  const found = shares(request.jobs, trans);
  return (
    <div className="jp-pipeline-statistics">
      <div className="jp-pipeline-bar" aria-hidden="true">
        {found
          .filter(({ count }) => count > 0)
          .map(({ state, count }) => (
            <span
              key={state}
              className={`jp-mod-${statusLook(state, trans).tone}`}
              style={{ flexGrow: count }}
            />
          ))}
      </div>
      <ul aria-label={trans.__('Statistics')}>
        {found.map(({ state, count, percent }) => (
          <li key={state} className={count === 0 ? 'jp-pipeline-dim' : undefined}>
            <Badge look={statusLook(state, trans)} /> {count}{' '}
            <span className="jp-pipeline-dim">({percent}%)</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function JobRow(props: {
  job: IJob;
  trans: TranslationBundle;
  onOpen(job: string, action: string): void;
}): JSX.Element {
  const { job, trans } = props;
  const more = said(job);
  return (
    <>
      <tr className={more ? 'jp-mod-said' : undefined}>
        <th scope="row">
          <Link onClick={() => props.onOpen(job.id, job.action)}>
            <Name name={job.action} />
          </Link>
        </th>
        <td>
          <StateBadge state={job.state} code={job.code} trans={trans} />
        </td>
        <td className="jp-pipeline-number">{duration(job.elapsed)}</td>
        <td>
          <code>{job.id}</code>
        </td>
      </tr>
      {more && (
        <tr className="jp-pipeline-jobs-said">
          <td colSpan={4}>
            {more.code && <code>{more.code}</code>} <Sentence text={more.message} />
          </td>
        </tr>
      )}
    </>
  );
}
