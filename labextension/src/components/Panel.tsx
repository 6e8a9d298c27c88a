/** The sidebar panel: which project, its actions, outputs, history and problems, and what can be done with them. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IPicture, PipelineModel } from '../model';
import { IOutput, IProblem } from '../types';
import { ActionsTable } from './ActionsTable';
import { HistoryView } from './HistoryView';
import { OutputsView } from './OutputsView';
import { Problems } from './Problems';
import { usePicture } from './useSignal';

export interface IPanelCallbacks {
  run(actions: string[]): void;
  cancel(): void;
  refresh(): void;
  openGraph(): void;
  openJob(job: string): void;
  openRequest(request: string): void;
  openOutput(output: IOutput): void;
  openProblem(problem: IProblem): void;
}

export interface IPanelProps {
  model: PipelineModel;
  trans: TranslationBundle;
  callbacks: IPanelCallbacks;
}

type Tab = 'actions' | 'outputs' | 'history' | 'problems';

export function Panel({ model, trans, callbacks }: IPanelProps): JSX.Element {
  const picture = usePicture(model);
  const [tab, setTab] = React.useState<Tab>('actions');
  const [selected, setSelected] = React.useState<ReadonlySet<string>>(new Set());
  return (
    <div className="jp-pipeline-panel">
      <ProjectChooser model={model} picture={picture} trans={trans} />
      {picture.problem && (
        <p className="jp-pipeline-problem" role="alert">
          {picture.problem.message}
        </p>
      )}
      {picture.project && (
        <>
          <Notices picture={picture} trans={trans} />
          <Toolbar picture={picture} trans={trans} callbacks={callbacks} selected={selected} />
          <Tabs picture={picture} trans={trans} tab={tab} onTab={setTab} />
          <div role="tabpanel" className="jp-pipeline-body" aria-label={tab}>
            <Body {...{ model, picture, trans, callbacks, tab, selected, setSelected }} />
          </div>
        </>
      )}
      {!picture.project && !picture.loading && <NoProject trans={trans} />}
    </div>
  );
}

function NoProject({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <p className="jp-pipeline-note">
      {trans.__(
        'There is no project here: a project is a folder with a project.yaml. Open one of its files.'
      )}
    </p>
  );
}

function ProjectChooser(props: {
  model: PipelineModel;
  picture: IPicture;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, picture, trans } = props;
  const shown = picture.project;
  return (
    <div className="jp-pipeline-chooser">
      <select
        className="jp-pipeline-control"
        aria-label={trans.__('Project')}
        value={shown?.id ?? ''}
        onChange={event => void model.open(event.target.value, 'expectations', true)}
      >
        {!shown && <option value="">{trans.__('No project')}</option>}
        {picture.projects.map(one => (
          <option key={one.id} value={one.id}>
            {one.workspace} ({one.path})
          </option>
        ))}
        {shown && !picture.projects.some(one => one.id === shown.id) && (
          <option value={shown.id}>{shown.workspace}</option>
        )}
      </select>
      {shown && (
        <select
          className="jp-pipeline-control"
          aria-label={trans.__('Backend')}
          value={shown.backend}
          onChange={event => void model.open(shown.id, event.target.value, true)}
        >
          {shown.backends.map(name => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
    </div>
  );
}

function Notices({ picture, trans }: { picture: IPicture; trans: TranslationBundle }): JSX.Element {
  const executor = picture.project?.executor;
  return (
    <>
      {picture.project?.synthetic.shown && (
        <p className="jp-pipeline-banner">{trans.__('Synthetic data are shown.')}</p>
      )}
      {executor && executor.name === null && (
        <p className="jp-pipeline-problem">{executor.message}</p>
      )}
      {executor?.missing_isolation.map(sentence => (
        <p key={sentence} className="jp-pipeline-warning">
          {sentence}
        </p>
      ))}
    </>
  );
}

function Toolbar(props: {
  picture: IPicture;
  trans: TranslationBundle;
  callbacks: IPanelCallbacks;
  selected: ReadonlySet<string>;
}): JSX.Element {
  const { picture, trans, callbacks, selected } = props;
  const isBusy = (picture.status?.unfinished.length ?? 0) > 0;
  const canRun = picture.pipeline !== null;
  const label =
    selected.size > 0 ? trans.__('Run selected (%1)', selected.size) : trans.__('Run all');
  return (
    <div className="jp-pipeline-toolbar" role="toolbar" aria-label={trans.__('Pipeline')}>
      <button
        type="button"
        className="jp-pipeline-button jp-mod-accept"
        disabled={!canRun}
        onClick={() => callbacks.run(selected.size > 0 ? [...selected] : ['run_all'])}
      >
        {label}
      </button>
      <button
        type="button"
        className="jp-pipeline-button"
        disabled={!isBusy}
        onClick={callbacks.cancel}
      >
        {trans.__('Cancel')}
      </button>
      <button
        type="button"
        className="jp-pipeline-button"
        disabled={!canRun}
        onClick={callbacks.openGraph}
      >
        {trans.__('Graph')}
      </button>
      <button type="button" className="jp-pipeline-button" onClick={callbacks.refresh}>
        {trans.__('Refresh')}
      </button>
    </div>
  );
}

function Tabs(props: {
  picture: IPicture;
  trans: TranslationBundle;
  tab: Tab;
  onTab(tab: Tab): void;
}): JSX.Element {
  const { picture, trans, tab } = props;
  const faults = (picture.checked?.errors ?? 0) + (picture.checked?.warnings ?? 0);
  const tabs: [Tab, string, number][] = [
    ['actions', trans.__('Actions'), picture.pipeline?.actions.length ?? 0],
    ['outputs', trans.__('Outputs'), picture.outputs.length],
    ['history', trans.__('History'), picture.requests.length],
    ['problems', trans.__('Problems'), faults]
  ];
  return (
    <div role="tablist" className="jp-pipeline-tabs">
      {tabs.map(([name, label, count]) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={tab === name}
          className={tab === name ? 'jp-mod-current' : undefined}
          onClick={() => props.onTab(name)}
        >
          {label}
          {count > 0 && <span className="jp-pipeline-count">{count}</span>}
        </button>
      ))}
    </div>
  );
}

interface IBodyProps extends IPanelProps {
  picture: IPicture;
  tab: Tab;
  selected: ReadonlySet<string>;
  setSelected(names: ReadonlySet<string>): void;
}

function Body(props: IBodyProps): JSX.Element {
  const { model, picture, trans, callbacks, tab } = props;
  if (tab === 'problems') {
    return <Problems checked={picture.checked} trans={trans} onOpen={callbacks.openProblem} />;
  }
  if (tab === 'history') {
    return (
      <HistoryView
        requests={picture.requests}
        trans={trans}
        onOpen={callbacks.openRequest}
        onRunAgain={request => callbacks.run(request.requested_actions)}
      />
    );
  }
  if (tab === 'outputs') {
    return (
      <OutputsView
        outputs={picture.outputs}
        synthetic={picture.project?.synthetic ?? { allowed: false, shown: false }}
        trans={trans}
        onOpen={callbacks.openOutput}
        onShowSynthetic={shown =>
          void model.project?.showSynthetic(shown).then(() => model.refresh())
        }
      />
    );
  }
  return <Actions {...props} />;
}

function Actions(props: IBodyProps): JSX.Element {
  const { picture, trans, callbacks } = props;
  const [filter, setFilter] = React.useState('');
  return (
    <>
      <input
        type="search"
        className="jp-pipeline-control jp-pipeline-filter"
        placeholder={trans.__('Filter by name, runtime or state')}
        aria-label={trans.__('Filter actions')}
        value={filter}
        onChange={event => setFilter(event.target.value)}
      />
      <ActionsTable
        picture={picture}
        filter={filter}
        selected={props.selected}
        trans={trans}
        onSelect={props.setSelected}
        onOpenJob={callbacks.openJob}
      />
    </>
  );
}
