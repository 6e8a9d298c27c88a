/** The page of a job request, with everything that the platform's has. */

import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal } from '@lumino/signaling';
import * as React from 'react';
import { ProjectApi } from '../api';
import { IBell, IOutput, IPlanned, IRequestPage } from '../types';
import { CodeComparison, CompareWith } from './CodeComparison';
import { Highlight } from './Highlight';
import { LevelBadge } from './LevelBadge';
import { LEVELS, levelMeaning, verdictLook } from './looks';
import { Name } from './Name';
import { OutputPairs } from './OutputPairs';
import { Banner, Button, Facts, Failed, Link, Row, Section, Trouble, Waiting } from './Parts';
import {
  details,
  dirtiness,
  IFact,
  introduction,
  isFinal,
  nameFacts,
  timeline,
  timelineNote,
  title,
  warnings
} from './requestFacts';
import { RequestJobs } from './RequestJobs';
import { IShown, requestPage } from './requestPage';
import { save } from './save';
import { Badge, StatusBadge } from './StateBadge';
import { Times } from './Times';
import { ICompared, useCompared } from './useCompared';
import { useDeed } from './useDeed';
import { useLoaded, useNow } from './useLoaded';

/** Actions of a plan beyond which it is folded. */
const FOLDED = 20;
/** Requested actions that are listed before they are folded. */
const LISTED = 20;

export interface IRequestViewProps {
  project: ProjectApi;
  requestId: string;
  bells: ISignal<unknown, IBell>;
  trans: TranslationBundle;
  /** The request to compare with at first; the previous one if none is given. */
  compareWith?: string;
  onOpenJob(job: string, action: string): void;
  onOpenRequest(request: string): void;
  onOpenOutput(output: IOutput): void;
  /** Called with the identifiers of the earlier and the later output. */
  onOpenComparison(left: string, right: string, path: string): void;
  onCancel(request: string): Promise<void>;
  /** Where given, there is a button for it. */
  onRunAgain?(request: IRequestPage): void;
}

export function RequestView(props: IRequestViewProps): JSX.Element {
  const { project, requestId, bells, trans } = props;
  const key = `${project.id} ${project.backend} ${requestId}`;
  const { value, problem, reload } = useLoaded(() => project.request(requestId), key, {
    bells,
    rings: bell => bell.request === requestId,
    unfinished: isUnfinished
  });
  const compared = useCompared(project, requestId, props.compareWith);
  if (!value) {
    return (
      <div className="jp-pipeline-doc">
        <Waiting problem={problem} reload={reload} trans={trans} />
      </div>
    );
  }
  return (
    <article className="jp-pipeline-doc">
      <Head {...props} request={value} compared={compared} />
      <Trouble problem={problem} reload={reload} trans={trans} />
      <Warnings request={value} trans={trans} />
      <div className="jp-pipeline-columns">
        <div className="jp-pipeline-main">
          <RequestJobs request={value} trans={trans} onOpenJob={props.onOpenJob} />
          <Pipeline source={value.project_yaml} trans={trans} />
          <Section
            title={trans.__('Code comparison')}
            beside={<CompareWith {...props} compared={compared} />}
          >
            <CodeComparison {...props} compared={compared} />
          </Section>
          <Section title={trans.__('Outputs beside the earlier ones')}>
            <OutputPairs {...props} compared={compared} />
          </Section>
          <Plan plan={value.plan} trans={trans} />
        </div>
        <aside className="jp-pipeline-aside" aria-label={trans.__('About this request')}>
          <Timeline request={value} trans={trans} />
          <Details request={value} trans={trans} />
          <Levels trans={trans} />
        </aside>
      </div>
    </article>
  );
}

function isUnfinished(request: IRequestPage): boolean {
  return request.jobs.some(job => !isFinal(job.state));
}

interface IPartProps {
  request: IRequestPage;
  trans: TranslationBundle;
}

function Head(
  props: IRequestViewProps & { request: IRequestPage; compared: ICompared }
): JSX.Element {
  const { request, compared, trans } = props;
  const { onRunAgain } = props;
  const name = `job-request-${request.number}.html`;
  const cancelling = useDeed();
  const isCancelled = request.cancelled || cancelling.busy;
  const page = () => requestPage(request, shownOf(compared), new Date().toISOString(), trans);
  return (
    <header className="jp-pipeline-head">
      <div className="jp-pipeline-head-line">
        <h1>{title(request, trans)}</h1>
        <span role="status" aria-live="polite">
          <StatusBadge request={request} trans={trans} />
        </span>
        <span className="jp-pipeline-gap" />
        {isUnfinished(request) && (
          <Button
            kind="warn"
            disabled={isCancelled}
            onClick={() => cancelling.run(() => props.onCancel(request.id))}
          >
            {isCancelled ? trans.__('Being cancelled…') : trans.__('Cancel')}
          </Button>
        )}
        {onRunAgain && (
          <Button onClick={() => onRunAgain(request)}>{trans.__('Run again…')}</Button>
        )}
        <Button
          title={trans.__('Save this page as a file of its own')}
          onClick={() => save(page(), name, 'text/html')}
        >
          {trans.__('Save as HTML')}
        </Button>
      </div>
      <dl className="jp-pipeline-names">
        {nameFacts(request, trans).map(fact => (
          <div key={fact.name}>
            <dt>{fact.name}</dt>
            <dd>{fact.code ? <code>{fact.value}</code> : fact.value}</dd>
          </div>
        ))}
      </dl>
      <p className="jp-pipeline-lead">{introduction(request, trans)}</p>
      <Failed problem={cancelling.problem} trans={trans} />
    </header>
  );
}

/** The comparison as far as it is shown, for the page that is saved. */
function shownOf({ found, open }: ICompared): IShown {
  const files = [...open.values()].flatMap(file => file.difference ?? []);
  return { found: found.value, files };
}

function Warnings({ request, trans }: IPartProps): JSX.Element {
  const now = useNow(isUnfinished(request));
  return (
    <>
      {warnings(request, now, trans).map(sentence => (
        <Banner key={sentence} tone="warn">
          {sentence}
        </Banner>
      ))}
    </>
  );
}

function Pipeline({ source, trans }: { source: string; trans: TranslationBundle }): JSX.Element {
  const [isOpen, setIsOpen] = React.useState(true);
  return (
    <Section
      title={trans.__('Pipeline')}
      beside={
        <Link onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? trans.__('Hide project.yaml') : trans.__('Show project.yaml')}
        </Link>
      }
    >
      {isOpen ? (
        <Highlight source={source} label={trans.__('project.yaml as it was run')} />
      ) : (
        <p className="jp-pipeline-dim">
          {trans._n(
            'project.yaml as it was run, %1 line',
            'project.yaml as it was run, %1 lines',
            lines(source)
          )}
        </p>
      )}
    </Section>
  );
}

function lines(source: string): number {
  return source.replace(/\n$/, '').split('\n').length;
}

function Plan({
  plan,
  trans
}: {
  plan: readonly IPlanned[];
  trans: TranslationBundle;
}): JSX.Element {
  return (
    <Section title={trans.__('Why each action ran or did not')}>
      <details open={plan.length <= FOLDED}>
        <summary>
          {trans._n('%1 action in the plan', '%1 actions in the plan', plan.length)}
        </summary>
        <table className="jp-pipeline-rows">
          <caption className="jp-pipeline-unseen">
            {trans.__('The plan when it was asked for')}
          </caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Action')}</th>
              <th scope="col">{trans.__('Plan')}</th>
              <th scope="col">{trans.__('Reason')}</th>
            </tr>
          </thead>
          <tbody>
            {plan.map(one => (
              <tr key={one.action}>
                <th scope="row">
                  <Name name={one.action} />
                </th>
                <td>
                  <Badge look={verdictLook(one.verdict, trans)} />
                </td>
                <td>{one.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </Section>
  );
}

function Timeline({ request, trans }: IPartProps): JSX.Element {
  const rows = timeline(request, trans).map((fact): Row => [fact.name, factValue(fact, trans)]);
  return (
    <Section title={trans.__('Timeline')}>
      <Facts rows={rows} />
      <p className="jp-pipeline-dim jp-pipeline-foot">{timelineNote(request, trans)}</p>
    </Section>
  );
}

function Details({ request, trans }: IPartProps): JSX.Element {
  const status: Row = [trans.__('Status'), <StatusBadge request={request} trans={trans} />];
  const rows = details(request, trans).map((fact): Row => [
    fact.name,
    factValue(fact, trans),
    !!fact.list
  ]);
  const note = dirtiness(request, trans);
  return (
    <Section title={trans.__('Job request')}>
      <Facts rows={[status, ...rows]} />
      {note && <p className="jp-pipeline-dim jp-pipeline-foot">{note}</p>}
    </Section>
  );
}

function factValue(fact: IFact, trans: TranslationBundle): React.ReactNode {
  if (fact.moment) {
    return <Times moment={fact.moment} trans={trans} zone />;
  }
  if (fact.list) {
    return <Names names={fact.list} trans={trans} />;
  }
  const value = fact.code ? <code>{fact.value}</code> : fact.value;
  return fact.more ? (
    <>
      {value}
      <span className="jp-pipeline-dim jp-pipeline-below">{fact.more}</span>
    </>
  ) : (
    value
  );
}

function Names({
  names,
  trans
}: {
  names: readonly string[];
  trans: TranslationBundle;
}): JSX.Element {
  const [all, setAll] = React.useState(false);
  const shown = all ? names : names.slice(0, LISTED);
  return (
    <>
      <ul className="jp-pipeline-names-list">
        {shown.map(name => (
          <li key={name}>{name}</li>
        ))}
      </ul>
      {shown.length < names.length && (
        <Link onClick={() => setAll(true)}>{trans.__('Show all %1', names.length)}</Link>
      )}
    </>
  );
}

function Levels({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <Section title={trans.__('What the levels mean')}>
      <dl className="jp-pipeline-levels">
        {LEVELS.map(level => (
          <div key={level}>
            <dt>
              <LevelBadge level={level} trans={trans} />
            </dt>
            <dd>{levelMeaning(level, trans)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
