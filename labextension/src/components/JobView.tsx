/** A job: its state and why, its log as it is written, its notebook, its outputs, and all that has happened to it. */

import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal } from '@lumino/signaling';
import * as React from 'react';
import { ProjectApi } from '../api';
import { duration, size } from '../format';
import { IBell, IEvent, IJobPage, IOutput, JobState } from '../types';
import { jobLook } from './looks';
import { LogView } from './LogView';
import { NotebookCells } from './NotebookCells';
import { OutputList } from './OutputRow';
import { Banner, Button, Facts, Failed, Link, Row, Section, Trouble, Waiting } from './Parts';
import { hasReport, isFinal } from './requestFacts';
import { Sentence } from './Sentence';
import { StateBadge } from './StateBadge';
import { Times } from './Times';
import { useDeed } from './useDeed';
import { useLoaded, useNow } from './useLoaded';

export interface IJobViewProps {
  project: ProjectApi;
  jobId: string;
  bells: ISignal<unknown, IBell>;
  trans: TranslationBundle;
  onOpenAction(name: string): void;
  onOpenRequest(request: string): void;
  onOpenOutput(output: IOutput): void;
  onOpenReport(action: string): void;
  onCancel(job: string): Promise<void>;
}

export function JobView(props: IJobViewProps): JSX.Element {
  const { project, jobId, bells, trans } = props;
  const { value, problem, reload } = useLoaded(
    () => load(project, jobId),
    `${project.id} ${project.backend} ${jobId}`,
    {
      bells,
      rings: bell => bell.job === jobId,
      unfinished: ({ job }) => !isFinal(job.state)
    }
  );
  if (!value) {
    return (
      <div className="jp-pipeline-doc">
        <Waiting problem={problem} reload={reload} trans={trans} />
      </div>
    );
  }
  const { job, outputs } = value;
  return (
    <article className="jp-pipeline-doc">
      <Head {...props} job={job} />
      <Trouble problem={problem} reload={reload} trans={trans} />
      <Said job={job} trans={trans} />
      <div className="jp-pipeline-columns">
        <div className="jp-pipeline-main">
          {job.notebook && <NotebookCells notebook={job.notebook} job={job} trans={trans} />}
          <Section title={trans.__('Log')}>
            <LogView
              key={job.id}
              project={project}
              jobId={job.id}
              trans={trans}
              follow={!isFinal(job.state)}
              onEnded={reload}
            />
          </Section>
          <Outputs {...props} job={job} outputs={outputs} />
          <Timeline events={job.timeline} trans={trans} />
        </div>
        <aside className="jp-pipeline-aside" aria-label={trans.__('About this job')}>
          <Why job={job} trans={trans} />
          <About {...props} job={job} />
        </aside>
      </div>
    </article>
  );
}

async function load(
  project: ProjectApi,
  id: string
): Promise<{ job: IJobPage; outputs: IOutput[] }> {
  const job = await project.job(id);
  return { job, outputs: job.state === 'succeeded' ? await project.outputs(id) : [] };
}

function Head(props: IJobViewProps & { job: IJobPage }): JSX.Element {
  const { job, trans } = props;
  const elapsed = useElapsed(job);
  const cancelling = useDeed();
  const isCancelled = job.cancelled || cancelling.busy;
  return (
    <header className="jp-pipeline-head">
      <div className="jp-pipeline-head-line">
        <h1>{job.action}</h1>
        <span role="status" aria-live="polite">
          <StateBadge state={job.state} code={job.code} trans={trans} />
        </span>
        {elapsed !== null && <span className="jp-pipeline-dim">{duration(elapsed)}</span>}
        <span className="jp-pipeline-gap" />
        {!isFinal(job.state) && (
          <Button
            kind="warn"
            disabled={isCancelled}
            onClick={() => cancelling.run(() => props.onCancel(job.id))}
          >
            {isCancelled ? trans.__('Being cancelled…') : trans.__('Cancel')}
          </Button>
        )}
        {hasReport(job) && (
          <Button onClick={() => props.onOpenReport(job.action)}>{trans.__('Open report')}</Button>
        )}
      </div>
      <pre className="jp-pipeline-command" aria-label={trans.__('Command')}>
        {job.run_command}
      </pre>
      <Failed problem={cancelling.problem} trans={trans} />
    </header>
  );
}

/** The sentence that explains the state, where it says more than the state. */
function Said({ job, trans }: { job: IJobPage; trans: TranslationBundle }): JSX.Element {
  const tone = job.state === 'failed' ? jobLook(job.state, job.code, trans).tone : 'dim';
  return (
    <Banner tone={tone === 'bad' || tone === 'warn' ? tone : 'dim'}>
      <p className="jp-pipeline-said" aria-live="polite">
        <Sentence text={job.message} />
      </p>
      <p className="jp-pipeline-dim">
        {trans.__('Status code')} <code>{job.code}</code>
        {job.exit_code !== null && (
          <>
            {' · '}
            {trans.__('exit code')} <code>{job.exit_code}</code>
          </>
        )}
      </p>
    </Banner>
  );
}

function Why({ job, trans }: { job: IJobPage; trans: TranslationBundle }): JSX.Element {
  return (
    <Section title={trans.__('Why did this run?')}>
      <p>{job.reason || trans.__('No reason was recorded.')}</p>
    </Section>
  );
}

function About(props: IJobViewProps & { job: IJobPage }): JSX.Element {
  const { job, trans } = props;
  const elapsed = useElapsed(job);
  const cpu = job.cpu_time === null ? null : duration(job.cpu_time);
  const at = (moment: string | null) => moment && <Times moment={moment} trans={trans} zone both />;
  const rows: Row[] = [
    [trans.__('Action'), <Link onClick={() => props.onOpenAction(job.action)}>{job.action}</Link>],
    [
      trans.__('Request'),
      <Link onClick={() => props.onOpenRequest(job.request)}>
        <code>{job.request}</code>
      </Link>
    ],
    [trans.__('Job identifier'), <code>{job.id}</code>],
    [trans.__('Created'), at(job.created_at)],
    [trans.__('Started'), at(job.started_at)],
    [trans.__('Ended'), at(job.completed_at)],
    [trans.__('Last change'), isFinal(job.state) ? null : at(job.updated_at)],
    [trans.__('Runtime'), job.runtime],
    [trans.__('Executor'), job.executor],
    [trans.__('Elapsed'), elapsed === null ? null : duration(elapsed)],
    [trans.__('Processor time'), cpu],
    [trans.__('Peak memory'), job.peak_memory === null ? null : size(job.peak_memory)]
  ];
  return (
    <Section title={trans.__('Details')}>
      <Facts rows={rows} />
    </Section>
  );
}

function Outputs(
  props: IJobViewProps & { job: IJobPage; outputs: readonly IOutput[] }
): JSX.Element {
  const { job, outputs, trans } = props;
  let none = trans.__('They are published when it has succeeded.');
  if (isFinal(job.state)) {
    none =
      job.state === 'failed'
        ? trans.__('Nothing of a failed job is published.')
        : trans.__('None of its outputs is the newest of its path any more.');
  }
  return (
    <Section title={trans.__('Outputs')}>
      {outputs.length > 0 ? (
        <OutputList
          outputs={outputs}
          label={trans.__('Outputs of this job')}
          trans={trans}
          onOpen={props.onOpenOutput}
        />
      ) : (
        <p className="jp-pipeline-dim">{none}</p>
      )}
    </Section>
  );
}

function Timeline(props: { events: readonly IEvent[]; trans: TranslationBundle }): JSX.Element {
  const { events, trans } = props;
  return (
    <Section title={trans.__('Timeline')}>
      <table className="jp-pipeline-rows jp-pipeline-past">
        <caption className="jp-pipeline-unseen">
          {trans.__('What has happened to this job; times in UTC')}
        </caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('When (UTC)')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Status code')}</th>
            <th scope="col">{trans.__('Message')}</th>
          </tr>
        </thead>
        <tbody>
          {events.map(event => (
            <tr key={event.revision}>
              <td>
                <Times moment={event.at} trans={trans} />
              </td>
              <td>
                {isState(event.state) && (
                  <StateBadge state={event.state} code={event.code} trans={trans} />
                )}
              </td>
              <td>
                <code className="jp-pipeline-dim">{event.code}</code>
              </td>
              <td>{event.message}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function isState(state: string): state is JobState {
  return ['pending', 'running', 'succeeded', 'failed'].includes(state);
}

/** Seconds that it has run, counted on while it runs. */
function useElapsed(job: IJobPage): number | null {
  const isRunning = job.state === 'running' && job.started_at !== null;
  const now = useNow(isRunning);
  if (isRunning && job.started_at) {
    return Math.max((now - Date.parse(job.started_at)) / 1000, 0);
  }
  return job.elapsed;
}
