/** How one file differs: its lines, or the cells of a notebook. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ICell, IFileDifferences } from '../types';
import { cellRuns, cellSaid, cellTitle } from './differences';
import { DiffRows } from './DiffRows';

export interface IFileDifferenceProps {
  difference: IFileDifferences;
  trans: TranslationBundle;
}

export function FileDifference({ difference, trans }: IFileDifferenceProps): JSX.Element {
  const { path, rows, cells, reason } = difference;
  return (
    <>
      {reason && <p className="jp-pipeline-dim">{reason}</p>}
      {rows && rows.length > 0 && (
        <DiffRows rows={rows} label={trans.__('Lines of %1 that differ', path)} trans={trans} />
      )}
      {cells &&
        cellRuns(cells).map((run, index) =>
          run.cell === null ? (
            <p key={index} className="jp-pipeline-cells-same">
              {trans._n('%1 cell as before', '%1 cells as before', run.unchanged)}
            </p>
          ) : (
            <Cell key={index} cell={run.cell} trans={trans} />
          )
        )}
      {!reason && !rows?.length && !cells?.length && (
        <p className="jp-pipeline-dim">{trans.__('There are no lines to show.')}</p>
      )}
    </>
  );
}

function Cell({ cell, trans }: { cell: ICell; trans: TranslationBundle }): JSX.Element {
  const title = cellTitle(cell, trans);
  return (
    <div className={`jp-pipeline-cell-change jp-mod-${cell.kind}`}>
      <h4>
        {title} <span className="jp-pipeline-dim">{cellSaid(cell, trans)}</span>
      </h4>
      {cell.rows.length > 0 && <DiffRows rows={cell.rows} label={title} trans={trans} />}
    </div>
  );
}
