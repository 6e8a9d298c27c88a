/** The actions of a plan, each with its verdict, the reason, and the parameters of its notebook. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { duration } from '../format';
import { IPlan, IPlannedAction, Verdict } from '../types';
import { verdictLook } from './looks';
import { Name } from './Name';
import { Banner, Button, Link } from './Parts';
import { listed, parameterRows, planSentence, VERDICTS } from './planFacts';
import { Badge } from './StateBadge';

/** Actions beyond which a plan can be filtered. */
const LONG = 8;
/** Actions that are drawn before somebody asks for all. */
const DRAWN = 200;

export interface IPlanTableProps {
  plan: IPlan;
  trans: TranslationBundle;
  onOpenLine(line: number): void;
}

export function PlanTable(props: IPlanTableProps): JSX.Element {
  const { plan, trans } = props;
  const [verdict, setVerdict] = React.useState<Verdict | null>(null);
  const [text, setText] = React.useState('');
  const [all, setAll] = React.useState(false);
  const found = listed(plan, verdict, text);
  const drawn = all ? found : found.slice(0, DRAWN);
  const isLong = plan.actions.length > LONG;
  return (
    <>
      <p role="status">
        <strong>{planSentence(plan, trans)}</strong>
      </p>
      {plan.runtimes_to_build.map(one => (
        <Banner key={one.name} tone="dim">
          {trans.__('%1 is built first. %2', one.name, one.message)}
        </Banner>
      ))}
      {plan.stand_ins.map(one => (
        <Banner key={one.name} tone="dim">
          {one.message}
        </Banner>
      ))}
      {isLong && (
        <div className="jp-pipeline-plan-filter" role="group" aria-label={trans.__('Filter')}>
          <VerdictButton {...{ plan, verdict, trans }} one={null} onPick={setVerdict} />
          {VERDICTS.filter(one => plan.counts[one] > 0).map(one => (
            <VerdictButton key={one} {...{ plan, verdict, trans, one }} onPick={setVerdict} />
          ))}
          <input
            type="search"
            className="jp-pipeline-input"
            placeholder={trans.__('Filter')}
            aria-label={trans.__('Filter the plan by name, runtime or reason')}
            value={text}
            onChange={event => setText(event.target.value)}
          />
        </div>
      )}
      <div
        className="jp-pipeline-plan-scroll"
        tabIndex={0}
        role="region"
        aria-label={trans.__('The plan')}
      >
        <table className="jp-pipeline-rows">
          <caption className="jp-pipeline-unseen">{trans.__('The plan')}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Action')}</th>
              <th scope="col">{trans.__('What')}</th>
              <th scope="col" className="jp-pipeline-number">
                {trans.__('Takes')}
              </th>
              <th scope="col">{trans.__('Why')}</th>
            </tr>
          </thead>
          <tbody>
            {drawn.map(one => (
              <Planned key={one.action} {...props} one={one} />
            ))}
          </tbody>
        </table>
        {drawn.length < found.length && (
          <Button onClick={() => setAll(true)}>{trans.__('Show all %1', found.length)}</Button>
        )}
        {found.length === 0 && (
          <p className="jp-pipeline-dim">{trans.__('No action of the plan is like that.')}</p>
        )}
      </div>
    </>
  );
}

function VerdictButton(props: {
  plan: IPlan;
  one: Verdict | null;
  verdict: Verdict | null;
  trans: TranslationBundle;
  onPick(verdict: Verdict | null): void;
}): JSX.Element {
  const { plan, one, verdict, trans } = props;
  const words = one === null ? trans.__('All') : verdictLook(one, trans).words;
  const count = one === null ? plan.actions.length : plan.counts[one];
  return (
    <Button pressed={verdict === one} onClick={() => props.onPick(one)}>
      {words} {count}
    </Button>
  );
}

function Planned(props: IPlanTableProps & { one: IPlannedAction }): JSX.Element {
  const { one, trans, onOpenLine } = props;
  const { line, notebook } = one;
  const isSkipped = one.verdict === 'skip';
  return (
    <>
      <tr className={`${isSkipped ? 'jp-mod-skip' : ''} ${notebook ? 'jp-mod-said' : ''}`}>
        <th scope="row" title={one.run_command}>
          {line ? (
            <Link
              title={trans.__('Show line %1 of project.yaml', line)}
              onClick={() => onOpenLine(line)}
            >
              <Name name={one.action} />
            </Link>
          ) : (
            <Name name={one.action} />
          )}
          {one.runtime && <div className="jp-pipeline-sub">{one.runtime}</div>}
        </th>
        <td>
          <Badge look={verdictLook(one.verdict, trans)} />
        </td>
        <td className="jp-pipeline-number">
          {!isSkipped && one.expected ? duration(one.expected) : ''}
        </td>
        <td>{one.reason}</td>
      </tr>
      {notebook && (
        <tr className={`jp-pipeline-planned-notebook ${isSkipped ? 'jp-mod-skip' : ''}`}>
          <td colSpan={4}>
            <NotebookFacts {...props} />
          </td>
        </tr>
      )}
    </>
  );
}

function NotebookFacts(props: IPlanTableProps & { one: IPlannedAction }): JSX.Element {
  const { one, trans, onOpenLine } = props;
  const { line } = one;
  const { path, tool, parameters, declared } = one.notebook!;
  const rows = parameterRows(parameters, declared);
  return (
    <>
      <span className="jp-pipeline-sub">
        {trans.__('Notebook')} <code>{path}</code>
        {tool && ` · ${tool}`}
      </span>
      {rows.length > 0 && (
        <details>
          <summary>{trans._n('%1 parameter', '%1 parameters', rows.length)}</summary>
          {line && (
            <Link onClick={() => onOpenLine(line)}>
              {trans.__('change in project.yaml, line %1', line)}
            </Link>
          )}
          <table className="jp-pipeline-parameters">
            <caption className="jp-pipeline-unseen">
              {trans.__('Parameters of the notebook of %1', one.action)}
            </caption>
            <thead>
              <tr>
                <th scope="col">{trans.__('Name')}</th>
                <th scope="col">{trans.__('Given')}</th>
                <th scope="col">{trans.__('The notebook declares')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, given, own, help }) => (
                <tr key={name}>
                  <th scope="row">
                    <code>{name}</code>
                  </th>
                  <td>{given === null ? '–' : <code>{given}</code>}</td>
                  <td>
                    {own === null ? (
                      <span className="jp-pipeline-dim">{trans.__('not declared')}</span>
                    ) : (
                      <code>{own}</code>
                    )}
                    {help && <div className="jp-pipeline-sub">{help}</div>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  );
}
