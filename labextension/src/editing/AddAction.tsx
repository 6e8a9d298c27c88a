/** The dialog that writes a notebook into project.yaml as an action, and shows the lines before it does. */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Problem, ProjectApi } from '../api';
import { IAdded, IPipeline, Level } from '../types';
import { actionOf, IForm, IOutputRow, proposed, runtimeOf, withRuntime } from './newAction';

/** Milliseconds without a key pressed until the lines are asked for. */
const DELAY = 250;

/** What the dialog has to know. */
export interface IAsk {
  project: ProjectApi;
  /** Relative to the project. */
  notebook: string;
  pipeline: IPipeline | null;
}

/** A form that can be sent, and the file that its lines were shown for. */
export interface IAnswer {
  form: IForm;
  seen: string;
}

/** Ask how a notebook is to become an action; null when a person thinks better of it. */
export async function askToAdd(ask: IAsk, trans: TranslationBundle): Promise<IAnswer | null> {
  const body = new AddBody(ask, trans);
  const dialog = new Dialog<IAnswer | null>({
    title: trans.__('Add %1 to project.yaml', ask.notebook),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Write these lines') })
    ]
  });
  dialog.addClass('jp-pipeline-add-dialog');
  const accept = dialog.node.querySelector<HTMLButtonElement>('button.jp-mod-accept');
  body.onReady = isReady => {
    if (accept) {
      accept.disabled = !isReady;
    }
  };
  body.onReady(false);
  const answer = await dialog.launch();
  return answer.button.accept ? answer.value : null;
}

class AddBody extends ReactWidget implements Dialog.IBodyWidget<IAnswer | null> {
  constructor(
    private readonly ask: IAsk,
    private readonly trans: TranslationBundle
  ) {
    super();
  }

  /** Called with whether the form can be sent. */
  onReady: (isReady: boolean) => void = () => undefined;

  getValue(): IAnswer | null {
    return this._answer;
  }

  protected render(): JSX.Element {
    return (
      <AddForm
        {...this.ask}
        trans={this.trans}
        onChange={answer => {
          this._answer = answer;
          this.onReady(answer !== null);
        }}
      />
    );
  }

  private _answer: IAnswer | null = null;
}

interface IAddFormProps extends IAsk {
  trans: TranslationBundle;
  onChange(answer: IAnswer | null): void;
}

function AddForm(props: IAddFormProps): JSX.Element {
  const { project, notebook, pipeline, trans, onChange } = props;
  const [form, setForm] = React.useState(() => proposed(notebook, pipeline));
  const change = (part: Partial<IForm>) => setForm({ ...form, ...part });
  return (
    <div className="jp-pipeline-add">
      <Field label={trans.__('Name')}>
        <input
          type="text"
          className="jp-pipeline-control"
          value={form.name}
          onChange={event => change({ name: event.target.value })}
        />
      </Field>
      <Field label={trans.__('Runtime')}>
        <Runtimes project={project} run={form.run} onChange={run => change({ run })} />
      </Field>
      <Field label={trans.__('Command')}>
        <input
          type="text"
          className="jp-pipeline-control"
          value={form.run}
          spellCheck={false}
          onChange={event => change({ run: event.target.value })}
        />
      </Field>
      <Needs pipeline={pipeline} form={form} trans={trans} onChange={change} />
      <Outputs form={form} trans={trans} onChange={change} />
      <Preview project={project} form={form} trans={trans} onChange={onChange} />
    </div>
  );
}

function Field({ label, children }: { label: string; children: React.ReactNode }): JSX.Element {
  return (
    <label className="jp-pipeline-add-field">
      <span>{label}</span>
      {children}
    </label>
  );
}

function Runtimes(props: {
  project: ProjectApi;
  run: string;
  onChange(run: string): void;
}): JSX.Element {
  const [known, setKnown] = React.useState<string[]>([]);
  React.useEffect(() => {
    props.project.runtimes().then(
      found => setKnown(found.flatMap(one => [one.name, ...one.aliases])),
      () => setKnown([]) // the command can be written all the same
    );
  }, [props.project]);
  const now = runtimeOf(props.run);
  return (
    <select
      className="jp-pipeline-control"
      value={now}
      onChange={event => props.onChange(withRuntime(props.run, event.target.value))}
    >
      {[...new Set([now, ...known])].map(name => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

interface IPartProps {
  form: IForm;
  trans: TranslationBundle;
  onChange(part: Partial<IForm>): void;
}

function Needs(props: IPartProps & { pipeline: IPipeline | null }): JSX.Element | null {
  const { pipeline, form, trans, onChange } = props;
  if (!pipeline || pipeline.actions.length === 0) {
    return null;
  }
  const toggle = (name: string) =>
    form.needs.includes(name) ? form.needs.filter(one => one !== name) : [...form.needs, name];
  return (
    <fieldset className="jp-pipeline-add-needs">
      <legend>{trans.__('Uses the outputs of')}</legend>
      {pipeline.actions.map(({ name }) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={form.needs.includes(name)}
            onChange={() => onChange({ needs: toggle(name) })}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

function Outputs({ form, trans, onChange }: IPartProps): JSX.Element {
  const change = (number: number, part: Partial<IOutputRow>) =>
    onChange({
      outputs: form.outputs.map((row, each) => (each === number ? { ...row, ...part } : row))
    });
  const more: IOutputRow = { level: 'moderately_sensitive', name: '', path: '' };
  return (
    <fieldset className="jp-pipeline-add-outputs">
      <legend>{trans.__('Makes')}</legend>
      {form.outputs.map((row, number) => (
        <OutputFields
          key={number}
          row={row}
          trans={trans}
          onChange={part => change(number, part)}
          onRemove={() => onChange({ outputs: form.outputs.filter((_, each) => each !== number) })}
        />
      ))}
      <button
        type="button"
        className="jp-pipeline-link"
        onClick={() => onChange({ outputs: [...form.outputs, more] })}
      >
        {trans.__('One more output')}
      </button>
    </fieldset>
  );
}

const LEVELS: Level[] = ['highly_sensitive', 'moderately_sensitive', 'minimally_sensitive'];

function OutputFields(props: {
  row: IOutputRow;
  trans: TranslationBundle;
  onChange(part: Partial<IOutputRow>): void;
  onRemove(): void;
}): JSX.Element {
  const { row, trans, onChange, onRemove } = props;
  const text = (value: string, label: string, change: (value: string) => void) => (
    <input
      type="text"
      className="jp-pipeline-control"
      value={value}
      placeholder={label}
      aria-label={label}
      spellCheck={false}
      onChange={event => change(event.target.value)}
    />
  );
  return (
    <div className="jp-pipeline-add-output">
      <select
        className="jp-pipeline-control"
        aria-label={trans.__('Level')}
        value={row.level}
        onChange={event => onChange({ level: event.target.value as Level })}
      >
        {LEVELS.map(level => (
          <option key={level}>{level}</option>
        ))}
      </select>
      {text(row.name, trans.__('Name of the output'), name => onChange({ name }))}
      {text(row.path, trans.__('Path of the output'), path => onChange({ path }))}
      <button
        type="button"
        className="jp-pipeline-link"
        aria-label={trans.__('Remove the output %1', row.name)}
        onClick={onRemove}
      >
        {trans.__('Remove')}
      </button>
    </div>
  );
}

/** The lines that would be written, asked for anew whenever the form changes. */
function Preview(props: {
  project: ProjectApi;
  form: IForm;
  trans: TranslationBundle;
  onChange(answer: IAnswer | null): void;
}): JSX.Element {
  const { project, form, trans, onChange } = props;
  const [added, setAdded] = React.useState<IAdded | null>(null);
  const [problem, setProblem] = React.useState('');
  React.useEffect(() => {
    let isCurrent = true;
    onChange(null);
    const ask = async () => {
      try {
        const found = await project.addAction(actionOf(form), null, false);
        if (isCurrent) {
          setAdded(found);
          setProblem('');
          onChange({ form, seen: found.seen });
        }
      } catch (error) {
        if (isCurrent) {
          setProblem(error instanceof Problem ? error.message : String(error));
        }
      }
    };
    const timer = window.setTimeout(() => void ask(), DELAY);
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, [project, form]);
  return (
    <div className="jp-pipeline-add-preview" aria-live="polite">
      <div>{trans.__('This is added to project.yaml:')}</div>
      {problem && <p className="jp-pipeline-problem">{problem}</p>}
      {!problem && added && <Lines added={added} />}
      {!problem &&
        added?.problems.map(one => (
          <p key={one.rule} className="jp-pipeline-warning">
            {one.what} {one.remedy}
          </p>
        ))}
    </div>
  );
}

function Lines({ added }: { added: IAdded }): JSX.Element {
  return (
    <pre tabIndex={0}>
      {added.text_before_lines.map(one => (
        <div key={one.line}>
          <span>{one.line}</span> {'  '}
          {one.text}
        </div>
      ))}
      {added.added.map(one => (
        <div key={one.line} className="jp-mod-added">
          <span>{one.line}</span> {'+ '}
          {one.text}
        </div>
      ))}
    </pre>
  );
}
