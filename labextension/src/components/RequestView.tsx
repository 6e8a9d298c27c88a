/** The page of a job request, with everything that the platform's has. */

import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal } from '@lumino/signaling';
import * as React from 'react';
import { ProjectApi } from '../api';
import { IBell, IComparison, IPlanned, IRequestPage } from '../types';
import { Comparisons } from './Comparisons';
import { Highlight } from './Highlight';
import { LevelBadge } from './LevelBadge';
import { LEVELS, levelMeaning, verdictLook } from './looks';
import { Banner, Button, Facts, Link, Row, Section, Trouble, Waiting } from './Parts';
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
import { requestPage } from './requestPage';
import { save } from './save';
import { Badge, StatusBadge } from './StateBadge';
import { Times } from './Times';
import { ILoaded, useLoaded, useNow } from './useLoaded';

/** Actions of a plan beyond which it is folded. */
const FOLDED = 20;
/** Requested actions that are listed before they are folded. */
const LISTED = 20;

export interface IRequestViewProps {
  project: ProjectApi;
  requestId: string;
  bells: ISignal<unknown, IBell>;
  trans: TranslationBundle;
  onOpenJob(job: string): void;
  onOpenRequest(request: string): void;
  onCancel(request: string): void;
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
  const compared = useLoaded(() => project.comparisons(requestId), key);
  if (!value) {
    return (
      <div className="jp-pipeline-doc">
        <Waiting problem={problem} reload={reload} trans={trans} />
      </div>
    );
  }
  return (
    <article className="jp-pipeline-doc">
      <Head {...props} request={value} compared={compared.value ?? []} />
      <Trouble problem={problem} reload={reload} trans={trans} />
      <Warnings request={value} trans={trans} />
      <div className="jp-pipeline-columns">
        <div className="jp-pipeline-main">
          <RequestJobs request={value} trans={trans} onOpenJob={props.onOpenJob} />
          <Pipeline source={value.project_yaml} trans={trans} />
          <Compared {...props} compared={compared} />
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
  props: IRequestViewProps & { request: IRequestPage; compared: readonly IComparison[] }
): JSX.Element {
  const { request, compared, trans } = props;
  const { onRunAgain } = props;
  const name = `job-request-${request.number}.html`;
  const page = () => requestPage(request, compared, new Date().toISOString(), trans);
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
            disabled={request.cancelled}
            onClick={() => props.onCancel(request.id)}
          >
            {request.cancelled ? trans.__('Being cancelled…') : trans.__('Cancel')}
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
    </header>
  );
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

function Compared(props: IRequestViewProps & { compared: ILoaded<IComparison[]> }): JSX.Element {
  const { compared, trans } = props;
  return (
    <Section title={trans.__('Code comparison')}>
      {compared.value ? (
        <Comparisons
          comparisons={compared.value}
          trans={trans}
          onOpenRequest={props.onOpenRequest}
        />
      ) : (
        <Waiting problem={compared.problem} reload={compared.reload} trans={trans} />
      )}
    </Section>
  );
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
                <th scope="row">{one.action}</th>
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
  return fact.code ? <code>{fact.value}</code> : fact.value;
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
