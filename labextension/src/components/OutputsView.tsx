/** The outputs of the workspace, by action. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IOutput, ISynthetic } from '../types';
import { byAction } from './outputGroups';
import { OutputList } from './OutputRow';
import { Banner, Button } from './Parts';
import { Symbol } from './Symbol';

/** Outputs of one action that are listed before somebody asks for all. */
const LISTED = 100;
/** Actions beyond which all are closed at first. */
const OPEN = 12;

export interface IOutputsViewProps {
  outputs: readonly IOutput[];
  /** The names of the actions, in the order of project.yaml, which is that of the groups. */
  actions: readonly string[];
  synthetic: ISynthetic;
  trans: TranslationBundle;
  onOpen(output: IOutput): void;
  onShowSynthetic(shown: boolean): void;
}

export function OutputsView(props: IOutputsViewProps): JSX.Element {
  const { outputs, synthetic, trans, onOpen } = props;
  const [filter, setFilter] = React.useState('');
  const wanted = filter.trim().toLowerCase();
  const found = outputs.filter(one =>
    [one.path, one.action, one.level].some(text => text.toLowerCase().includes(wanted))
  );
  const groups = byAction(found, props.actions);
  return (
    <div className="jp-pipeline-list">
      <Synthetic {...props} />
      <div className="jp-pipeline-list-bar">
        <input
          type="search"
          className="jp-pipeline-input"
          placeholder={trans.__('Filter by path, action or level')}
          aria-label={trans.__('Filter the outputs')}
          value={filter}
          onChange={event => setFilter(event.target.value)}
        />
        <span className="jp-pipeline-dim" role="status">
          {wanted ? trans.__('%1 of %2', found.length, outputs.length) : ''}
        </span>
      </div>
      {groups.map(([action, files]) => (
        <Group
          key={action}
          action={action}
          files={files}
          isOpen={wanted !== '' || groups.length <= OPEN}
          trans={trans}
          onOpen={onOpen}
        />
      ))}
      {groups.length === 0 && (
        <p className="jp-pipeline-dim jp-pipeline-nothing">
          {wanted
            ? trans.__('No output has this in its path, action or level.')
            : trans.__('There are no outputs yet. Run an action to make some.')}
        </p>
      )}
      {!synthetic.allowed && outputs.some(one => !one.viewable) && (
        <p className="jp-pipeline-dim jp-pipeline-nothing">
          {trans.__('What is locked can be read by the code of actions that need it.')}
        </p>
      )}
    </div>
  );
}

/** The switch for synthetic data, and the banner while it is on. */
function Synthetic(props: IOutputsViewProps): JSX.Element | null {
  const { synthetic, trans, onShowSynthetic } = props;
  if (!synthetic.allowed) {
    return null;
  }
  if (synthetic.shown) {
    return (
      <Banner tone="warn">
        <strong>{trans.__('Synthetic data are shown, whatever their level.')}</strong>
        <p>{trans.__('Nothing here is about real people. Turning it off is recorded.')}</p>
        <Button onClick={() => onShowSynthetic(false)}>{trans.__('Show no longer')}</Button>
      </Banner>
    );
  }
  return (
    <div className="jp-pipeline-switch">
      <label>
        <input
          type="checkbox"
          role="switch"
          checked={false}
          onChange={() => onShowSynthetic(true)}
        />
        {trans.__('Show synthetic data')}
      </label>
      <span className="jp-pipeline-dim">
        {trans.__(
          'All data of this backend are made up, so locked files may be shown. It is recorded.'
        )}
      </span>
    </div>
  );
}

function Group(props: {
  action: string;
  files: readonly IOutput[];
  isOpen: boolean;
  trans: TranslationBundle;
  onOpen(output: IOutput): void;
}): JSX.Element {
  const { action, files, trans } = props;
  const [all, setAll] = React.useState(false);
  const locked = files.filter(one => !one.viewable).length;
  const listed = all ? files : files.slice(0, LISTED);
  return (
    <details className="jp-pipeline-group" open={props.isOpen}>
      <summary>
        <span className="jp-pipeline-group-name">{action}</span>
        <span className="jp-pipeline-dim">{trans._n('%1 file', '%1 files', files.length)}</span>
        {locked > 0 && (
          <span className="jp-pipeline-dim">
            <Symbol name="lock" /> {trans.__('%1 locked', locked)}
          </span>
        )}
      </summary>
      <OutputList
        outputs={listed}
        label={trans.__('Outputs of %1', action)}
        trans={trans}
        onOpen={props.onOpen}
      />
      {listed.length < files.length && (
        <Button onClick={() => setAll(true)}>{trans.__('Show all %1', files.length)}</Button>
      )}
    </details>
  );
}
