/** The sidebar panel: which project, its actions, outputs, history and problems, and what can be done with them. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IPicture, PipelineModel } from '../model';
import { IJob, IOutput } from '../types';
import { staleOnes } from './actionRows';
import { ActionsTable } from './ActionsTable';
import { HistoryView } from './HistoryView';
import { OutputsView } from './OutputsView';
import { Banner, Button, Failed } from './Parts';
import { Problems } from './Problems';
import { Progress } from './Progress';
import { Symbol } from './Symbol';
import { useDeed } from './useDeed';
import { usePicture } from './useSignal';

export interface IPanelCallbacks {
  run(actions: string[], force?: boolean): void;
  cancel(): void;
  refresh(): void;
  openGraph(): void;
  openJob(job: string): void;
  /** `compareWith` is an earlier request. */
  openRequest(request: string, compareWith?: string): void;
  openOutput(output: IOutput): void;
  openReport(job: IJob): void;
  openLine(line: number | null): void;
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
        <Banner tone="bad" alert>
          <p>{picture.problem.detail}</p>
          {picture.checked && !picture.checked.valid ? (
            tab !== 'problems' && (
              <Button onClick={() => setTab('problems')}>{trans.__('Show the problems')}</Button>
            )
          ) : (
            <p>{picture.problem.remedy}</p>
          )}
        </Banner>
      )}
      {picture.project && (
        <>
          <Notices picture={picture} trans={trans} />
          <Toolbar picture={picture} trans={trans} callbacks={callbacks} selected={selected} />
          <Progress picture={picture} trans={trans} />
          <Tabs picture={picture} trans={trans} tab={tab} onTab={setTab} />
          <div role="tabpanel" className="jp-pipeline-body" aria-label={tab}>
            <Body {...{ model, picture, trans, callbacks, tab, selected, setSelected }} />
          </div>
        </>
      )}
      {!picture.project && picture.loading && (
        <p className="jp-pipeline-empty jp-pipeline-dim" role="status">
          {trans.__('Looking for a project…')}
        </p>
      )}
      {!picture.project && !picture.loading && !picture.problem && <NoProject trans={trans} />}
    </div>
  );
}

function NoProject({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-pipeline-empty">
      <p>
        <strong>{trans.__('There is no project here')}</strong>
      </p>
      <p className="jp-pipeline-dim">
        {trans.__(
          'A project is a folder with a file project.yaml. Open such a folder in the file browser, and its pipeline is shown here.'
        )}
      </p>
    </div>
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
        className="jp-pipeline-input"
        aria-label={trans.__('Project')}
        value={shown?.id ?? ''}
        onChange={event => void model.open(event.target.value, 'expectations', true)}
      >
        {!shown && <option value="">{trans.__('No project')}</option>}
        {picture.projects.map(one => (
          <option key={one.id} value={one.id}>
            {one.path === one.workspace ? one.workspace : `${one.workspace} (${one.path})`}
          </option>
        ))}
        {shown && !picture.projects.some(one => one.id === shown.id) && (
          <option value={shown.id}>{shown.workspace}</option>
        )}
      </select>
      {shown && (
        <select
          className="jp-pipeline-input"
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
        <Banner tone="warn">{trans.__('Synthetic data are shown.')}</Banner>
      )}
      {executor && executor.name === null && <Banner tone="bad">{executor.message}</Banner>}
      {executor && executor.missing_isolation.length > 0 && (
        <Banner tone="warn">
          {executor.missing_isolation.map(sentence => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Banner>
      )}
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
  const stale = staleOnes(picture.status?.actions ?? []);
  const label =
    selected.size > 0 ? trans.__('Run selected (%1)', selected.size) : trans.__('Run all');
  return (
    <div className="jp-pipeline-toolbar" role="toolbar" aria-label={trans.__('Pipeline')}>
      <Button
        kind="accept"
        disabled={!canRun}
        onClick={() => callbacks.run(selected.size > 0 ? [...selected] : ['run_all'])}
      >
        {label}
      </Button>
      {stale.length > 0 && selected.size === 0 && (
        <Button
          title={trans.__('Run what is stale or was never run')}
          onClick={() => callbacks.run(stale)}
        >
          {trans.__('Run stale (%1)', stale.length)}
        </Button>
      )}
      {isBusy && <Button onClick={callbacks.cancel}>{trans.__('Cancel')}</Button>}
      <span className="jp-pipeline-gap" />
      <Button disabled={!canRun} onClick={callbacks.openGraph}>
        {trans.__('Graph')}
      </Button>
      <Button label={trans.__('Refresh')} title={trans.__('Refresh')} onClick={callbacks.refresh}>
        <Symbol name="again" />
      </Button>
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
    <div
      role="tablist"
      className="jp-pipeline-tabs"
      aria-label={trans.__('Parts of the pipeline')}
      onKeyDown={event => walkTabs(event)}
    >
      {tabs.map(([name, label, count]) => (
        <button
          key={name}
          type="button"
          role="tab"
          aria-selected={tab === name}
          tabIndex={tab === name ? 0 : -1}
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

/** Arrow keys go from tab to tab, as in every list of tabs. */
function walkTabs(event: React.KeyboardEvent<HTMLDivElement>): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step !== 0) {
    const all = [...event.currentTarget.querySelectorAll('button')];
    const at = all.indexOf(event.target as HTMLButtonElement);
    const next = all[(at + step + all.length) % all.length];
    next.focus();
    next.click();
    event.preventDefault();
  }
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
    return (
      <Problems
        checked={picture.checked}
        trans={trans}
        onOpen={problem => callbacks.openLine(problem.line)}
      />
    );
  }
  if (tab === 'history') {
    return (
      <HistoryView
        requests={picture.requests}
        trans={trans}
        onOpen={callbacks.openRequest}
        onCompare={(earlier, later) => callbacks.openRequest(later, earlier)}
        onRunAgain={request => callbacks.run(request.requested_actions, request.force)}
        onMore={picture.hasOlder ? () => model.showOlder() : undefined}
      />
    );
  }
  if (tab === 'outputs') {
    return <Outputs {...props} />;
  }
  return <Actions {...props} />;
}

function Outputs({ model, picture, trans, callbacks }: IBodyProps): JSX.Element {
  const switching = useDeed();
  const show = async (shown: boolean) => {
    await model.project?.showSynthetic(shown);
    await model.refresh();
  };
  return (
    <>
      <Failed problem={switching.problem} trans={trans} onForget={switching.forget} />
      <OutputsView
        outputs={picture.outputs}
        actions={picture.pipeline?.actions.map(one => one.name) ?? []}
        synthetic={picture.project?.synthetic ?? { allowed: false, shown: false }}
        trans={trans}
        onOpen={callbacks.openOutput}
        onShowSynthetic={shown => switching.run(() => show(shown))}
      />
    </>
  );
}

function Actions(props: IBodyProps): JSX.Element {
  const { picture, trans, callbacks } = props;
  const [filter, setFilter] = React.useState('');
  return (
    <div className="jp-pipeline-list jp-mod-flush">
      <div className="jp-pipeline-list-bar">
        <input
          type="search"
          className="jp-pipeline-input"
          placeholder={trans.__('Filter by name, runtime or state')}
          aria-label={trans.__('Filter actions')}
          value={filter}
          onChange={event => setFilter(event.target.value)}
        />
      </div>
      <ActionsTable
        picture={picture}
        filter={filter}
        selected={props.selected}
        trans={trans}
        onSelect={props.setSelected}
        onOpenJob={callbacks.openJob}
        onOpenReport={callbacks.openReport}
        onOpenLine={callbacks.openLine}
        onRun={callbacks.run}
      />
    </div>
  );
}
