/** What would run, of which code, how long it takes as a rule, and why. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Problem, ProjectApi } from '../api';
import { IPlanCode, IPlan } from '../types';
import { Banner } from './Parts';
import { PlanTable } from './PlanTable';
import { asProblem } from './useLoaded';

/** Milliseconds without a key before a typed revision is looked at. */
const TYPING = 400;
const SYNTHETIC = 'expectations';

/** What a person has decided on. */
export interface IChoice {
  force: boolean;
  /** A commit, branch or tag; null for the working tree. */
  revision: string | null;
}

export interface IPlanFormProps {
  project: ProjectApi;
  actions: string[];
  force: boolean;
  trans: TranslationBundle;
  /** Called with every choice, and with whether it can be run as far as is known. */
  onChange(choice: IChoice, canRun: boolean): void;
  onOpenLine(line: number): void;
}

type Source = 'tree' | 'commit' | 'other';

export function PlanForm(props: IPlanFormProps): JSX.Element {
  const { project, actions, trans, onChange } = props;
  const [force, setForce] = React.useState(props.force);
  const [source, setSource] = React.useState<Source>('tree');
  const [typed, setTyped] = React.useState('');
  const [tree, setTree] = React.useState<IPlanCode | null>(null);
  const revision = source === 'tree' ? null : source === 'commit' ? 'HEAD' : typed.trim();
  const { plan, problem } = usePlan(project, actions, force, revision);
  const isComplete = revision !== '';
  React.useEffect(() => {
    onChange({ force, revision: revision || null }, isComplete && problem === null);
  }, [force, revision, problem]);
  React.useEffect(() => {
    if (plan?.code && source === 'tree') {
      setTree(plan.code);
    }
  }, [plan]);
  return (
    <div className="jp-pipeline-plan">
      <CodeChoice
        code={tree}
        source={source}
        typed={typed}
        trans={trans}
        onSource={setSource}
        onTyped={setTyped}
      />
      <label className="jp-pipeline-choice">
        <input type="checkbox" checked={force} onChange={event => setForce(event.target.checked)} />
        {trans.__('Run again also what these need, up to date or not')}
      </label>
      {plan && (
        <p className="jp-pipeline-dim">
          {trans.__('Backend: %1.', plan.backend)}{' '}
          {plan.backend === SYNTHETIC
            ? trans.__('It has synthetic data: nothing is about real people.')
            : trans.__('It has real data.')}
        </p>
      )}
      <div aria-live="polite">
        {problem && isComplete && <Unplanned problem={problem} trans={trans} />}
        {!problem && !plan && isComplete && (
          <p className="jp-pipeline-dim">{trans.__('Looking at what would run…')}</p>
        )}
        {!isComplete && (
          <p className="jp-pipeline-dim">{trans.__('Name a commit, a branch or a tag.')}</p>
        )}
      </div>
      {!problem && plan && <PlanTable plan={plan} trans={trans} onOpenLine={props.onOpenLine} />}
    </div>
  );
}

function usePlan(
  project: ProjectApi,
  actions: string[],
  force: boolean,
  revision: string | null
): { plan: IPlan | null; problem: Problem | null } {
  const [found, setFound] = React.useState<{ plan: IPlan | null; problem: Problem | null }>({
    plan: null,
    problem: null
  });
  const last = React.useRef(revision);
  React.useEffect(() => {
    let current = true;
    setFound({ plan: null, problem: null });
    const wait = revision === last.current || revision === null ? 0 : TYPING;
    last.current = revision;
    const timer = window.setTimeout(() => {
      project.plan(actions, force, revision ?? undefined).then(
        plan => current && setFound({ plan, problem: null }),
        error => current && setFound({ plan: null, problem: asProblem(error) })
      );
    }, wait);
    if (revision === '') {
      window.clearTimeout(timer);
    }
    return () => {
      current = false;
      window.clearTimeout(timer);
    };
  }, [project, actions, force, revision]);
  return found;
}

function Unplanned({
  problem,
  trans
}: {
  problem: Problem;
  trans: TranslationBundle;
}): JSX.Element {
  return (
    <Banner tone="bad" alert>
      <p>{problem.detail}</p>
      {problem.remedy && <p>{problem.remedy}</p>}
      {problem.problems.slice(0, 5).map((one, index) => (
        <p key={index}>
          {one.line !== null && `${trans.__('Line %1:', one.line)} `}
          {one.what}
        </p>
      ))}
    </Banner>
  );
}

interface ICodeChoiceProps {
  code: IPlanCode | null;
  source: Source;
  typed: string;
  trans: TranslationBundle;
  onSource(source: Source): void;
  onTyped(text: string): void;
}

function CodeChoice(props: ICodeChoiceProps): JSX.Element {
  const { code, source, typed, trans } = props;
  const hash = code?.commit?.slice(0, 7);
  const option = (value: Source, words: React.ReactNode, disabled = false) => (
    <label className="jp-pipeline-choice">
      <input
        type="radio"
        name="jp-pipeline-code"
        checked={source === value}
        disabled={disabled}
        onChange={() => props.onSource(value)}
      />
      {words}
    </label>
  );
  return (
    <fieldset className="jp-pipeline-code">
      <legend>{trans.__('Code')}</legend>
      {option('tree', treeWords(code, trans))}
      {source === 'tree' && code?.dirty && <Dirty code={code} trans={trans} />}
      {code?.dirty &&
        hash &&
        option('commit', trans.__('the last commit, %1, without these changes', hash))}
      {(code === null || code.commit !== null) && (
        <div className="jp-pipeline-other">
          {option('other', trans.__('another commit, branch or tag'))}
          <input
            type="text"
            className="jp-pipeline-input"
            aria-label={trans.__('Commit, branch or tag')}
            value={typed}
            onFocus={() => props.onSource('other')}
            onChange={event => props.onTyped(event.target.value)}
            onKeyDown={event => event.key === 'Enter' && event.stopPropagation()}
          />
        </div>
      )}
    </fieldset>
  );
}

function treeWords(code: IPlanCode | null, trans: TranslationBundle): string {
  if (!code) {
    return trans.__('the files as they are now');
  }
  if (!code.commit) {
    return trans.__('the files as they are now; the project is not in a git repository');
  }
  const hash = code.commit.slice(0, 7);
  const place = code.branch ? trans.__('%1 at %2', code.branch, hash) : hash;
  return code.dirty
    ? trans.__('the files as they are now: %1 with changes', place)
    : trans.__('the files as they are now: %1, nothing is uncommitted', place);
}

function Dirty({ code, trans }: { code: IPlanCode; trans: TranslationBundle }): JSX.Element {
  const more = code.changed_count - code.changed.length;
  return (
    <details className="jp-pipeline-notice jp-mod-warn">
      <summary>
        {trans._n(
          '%1 file is not as in the commit. A snapshot of it is kept with the request.',
          '%1 files are not as in the commit. A snapshot of them is kept with the request.',
          code.changed_count
        )}
      </summary>
      <ul>
        {code.changed.map(path => (
          <li key={path}>
            <code>{path}</code>
          </li>
        ))}
        {more > 0 && <li>{trans._n('and %1 more', 'and %1 more', more)}</li>}
      </ul>
    </details>
  );
}
