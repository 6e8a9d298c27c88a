/** How the notebook of a job does, cell by cell. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { duration } from '../format';
import { INotebookCell, IJob, INotebook } from '../types';
import { LevelBadge } from './LevelBadge';
import { cellLook } from './looks';
import { Section } from './Parts';
import { isFinal } from './requestFacts';
import { Sentence } from './Sentence';
import { Badge } from './StateBadge';

export interface INotebookCellsProps {
  notebook: INotebook;
  job: Pick<IJob, 'state' | 'message'>;
  trans: TranslationBundle;
}

export function NotebookCells({ notebook, job, trans }: INotebookCellsProps): JSX.Element {
  const { cells, done, path } = notebook;
  const total = notebook.total ?? cells.length;
  const told = trans.__('%1 of %2 cells done', done, total);
  return (
    <Section
      title={trans.__('Notebook')}
      beside={
        total > 0 && (
          <span className="jp-pipeline-cells-done">
            <progress max={total} value={done} aria-label={told} />
            <span className="jp-pipeline-dim">{told}</span>
          </span>
        )
      }
    >
      {notebook.note && <p>{notebook.note}</p>}
      {path && (
        <p className="jp-pipeline-notebook">
          <code>{path}</code> <LevelBadge level={notebook.level} trans={trans} />
          {notebook.tool && <span className="jp-pipeline-dim">{notebook.tool}</span>}
        </p>
      )}
      <Parameters parameters={notebook.parameters} trans={trans} />
      {cells.length > 0 && (
        <div
          className="jp-pipeline-scroll"
          tabIndex={0}
          role="region"
          aria-label={trans.__('Cells')}
        >
          <Cells cells={cells} job={job} trans={trans} />
        </div>
      )}
    </Section>
  );
}

function Parameters(props: {
  parameters: Record<string, unknown>;
  trans: TranslationBundle;
}): JSX.Element | null {
  const told = Object.entries(props.parameters).map(
    ([name, value]) => `${name} = ${JSON.stringify(value)}`
  );
  return told.length === 0 ? null : (
    <p>
      <span className="jp-pipeline-dim">{props.trans.__('Parameters')}</span>{' '}
      <code>{told.join(', ')}</code>
    </p>
  );
}

function Cells(props: {
  cells: readonly INotebookCell[];
  job: INotebookCellsProps['job'];
  trans: TranslationBundle;
}): JSX.Element {
  const { cells, job, trans } = props;
  return (
    <table className="jp-pipeline-rows jp-pipeline-cells">
      <caption className="jp-pipeline-unseen">{trans.__('Code cells of the notebook')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Cell')}</th>
          <th scope="col">{trans.__('State')}</th>
          <th scope="col">{trans.__('Took')}</th>
          <th scope="col">{trans.__('First line')}</th>
        </tr>
      </thead>
      <tbody>
        {cells.map(cell => (
          <tr key={cell.number} className={cell.state === 'failed' ? 'jp-mod-bad' : undefined}>
            <th scope="row">{cell.number}</th>
            <td>
              <Badge look={cellLook(stateOf(cell, job), trans)} />
            </td>
            <td className="jp-pipeline-number">{duration(cell.elapsed)}</td>
            <td>
              <code>{cell.line}</code>
              {cell.state === 'failed' && (
                <div className="jp-pipeline-cell-said">
                  <Sentence text={job.message} />
                </div>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A cell that had begun when its job ended does not run any more. */
function stateOf(cell: INotebookCell, job: INotebookCellsProps['job']): string {
  return cell.state === 'started' && isFinal(job.state) ? 'stopped' : cell.state;
}
