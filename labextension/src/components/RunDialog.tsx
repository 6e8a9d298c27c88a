/** What would run, and why, before it is asked for. */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Problem, ProjectApi } from '../api';
import { IPlan, Verdict } from '../types';

/** What a person has decided on. */
export interface IChoice {
  force: boolean;
  /** A commit, branch or tag; null for the working tree. */
  revision: string | null;
}

/** Ask whether to run actions; null when a person thinks better of it. */
export async function askToRun(
  project: ProjectApi,
  actions: string[],
  trans: TranslationBundle
): Promise<IChoice | null> {
  const body = new RunBody(project, actions, trans);
  const dialog = new Dialog<IChoice>({
    title: titleOf(actions, trans),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Run') })
    ]
  });
  dialog.addClass('jp-pipeline-run-dialog');
  const answer = await dialog.launch();
  return answer.button.accept ? answer.value : null;
}

function titleOf(actions: string[], trans: TranslationBundle): string {
  if (actions.length === 1 && actions[0] === 'run_all') {
    return trans.__('Run all actions');
  }
  return actions.length > 3
    ? trans.__('Run %1 actions', actions.length)
    : trans.__('Run %1', actions.join(', '));
}

class RunBody extends ReactWidget implements Dialog.IBodyWidget<IChoice> {
  constructor(
    private readonly project: ProjectApi,
    private readonly actions: string[],
    private readonly trans: TranslationBundle
  ) {
    super();
  }

  getValue(): IChoice {
    return this._choice;
  }

  protected render(): JSX.Element {
    return (
      <PlanForm
        project={this.project}
        actions={this.actions}
        trans={this.trans}
        onChange={choice => {
          this._choice = choice;
        }}
      />
    );
  }

  private _choice: IChoice = { force: false, revision: null };
}

interface IPlanFormProps {
  project: ProjectApi;
  actions: string[];
  trans: TranslationBundle;
  onChange(choice: IChoice): void;
}

function PlanForm({ project, actions, trans, onChange }: IPlanFormProps): JSX.Element {
  const [force, setForce] = React.useState(false);
  const [revision, setRevision] = React.useState('');
  const [plan, setPlan] = React.useState<IPlan | null>(null);
  const [problem, setProblem] = React.useState<string | null>(null);
  React.useEffect(() => {
    let current = true;
    onChange({ force, revision: revision.trim() || null });
    setPlan(null);
    project.plan(actions, force, revision.trim() || undefined).then(
      found => current && (setPlan(found), setProblem(null)),
      (error: Problem) => current && setProblem(error.message)
    );
    return () => {
      current = false;
    };
  }, [project, actions, force, revision]);
  return (
    <div className="jp-pipeline-plan">
      <label>
        <input type="checkbox" checked={force} onChange={event => setForce(event.target.checked)} />
        {trans.__('Run again also what these need, up to date or not')}
      </label>
      <label>
        {trans.__('Code of')}{' '}
        <input
          type="text"
          className="jp-pipeline-control"
          value={revision}
          placeholder={trans.__('the working tree, or a commit, branch or tag')}
          onChange={event => setRevision(event.target.value)}
        />
      </label>
      <div aria-live="polite">
        {problem && <p className="jp-pipeline-problem">{problem}</p>}
        {!problem && !plan && <p>{trans.__('Looking at what would run...')}</p>}
        {!problem && plan && <PlanTable plan={plan} trans={trans} />}
      </div>
    </div>
  );
}

function PlanTable({ plan, trans }: { plan: IPlan; trans: TranslationBundle }): JSX.Element {
  const verdicts: Record<Verdict, string> = {
    run: trans.__('run'),
    stale: trans.__('run, stale'),
    skip: trans.__('skip'),
    cannot_run: trans.__('cannot run here')
  };
  const count = plan.counts.run + plan.counts.stale;
  return (
    <>
      <p>
        {count === 0
          ? trans.__('Nothing would run: everything is up to date.')
          : trans._n('%1 action would run.', '%1 actions would run.', count)}
      </p>
      {plan.runtimes_to_build.map(one => (
        <p key={one.name}>{trans.__('%1 is built first. %2', one.name, one.message)}</p>
      ))}
      <div className="jp-pipeline-plan-scroll">
        <table className="jp-pipeline-table">
          <caption className="jp-pipeline-unseen">{trans.__('The plan')}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Action')}</th>
              <th scope="col">{trans.__('What')}</th>
              <th scope="col">{trans.__('Why')}</th>
            </tr>
          </thead>
          <tbody>
            {plan.actions.map(one => (
              <tr key={one.action} className={`jp-mod-${one.verdict}`}>
                <th scope="row">{one.action}</th>
                <td>{verdicts[one.verdict]}</td>
                <td>{one.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
