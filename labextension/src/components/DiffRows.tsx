/** Lines of two versions side by side; below each other where there is no room for two columns. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IRow, ISide } from '../types';
import { gapWords, pieces } from './differences';
import { Button } from './Parts';

/** Rows that are drawn before somebody asks for all. */
const DRAWN = 400;

export interface IDiffRowsProps {
  rows: readonly IRow[];
  label: string;
  trans: TranslationBundle;
}

export const DiffRows = React.memo(function DiffRows(props: IDiffRowsProps): JSX.Element {
  const { rows, label, trans } = props;
  const [all, setAll] = React.useState(false);
  const drawn = all ? rows : rows.slice(0, DRAWN);
  return (
    <>
      <div className="jp-pipeline-diff" role="table" aria-label={label}>
        {drawn.map((row, index) => (
          <Row key={index} row={row} trans={trans} />
        ))}
      </div>
      {drawn.length < rows.length && (
        <Button onClick={() => setAll(true)}>{trans.__('Show all %1 lines', rows.length)}</Button>
      )}
    </>
  );
});

function Row({ row, trans }: { row: IRow; trans: TranslationBundle }): JSX.Element {
  if (row.kind === 'gap') {
    return (
      <div className="jp-pipeline-diff-row jp-mod-gap" role="row">
        <span role="cell">{gapWords(row, trans)}</span>
      </div>
    );
  }
  const removes = row.kind === 'removed' || row.kind === 'changed';
  const adds = row.kind === 'added' || row.kind === 'changed';
  return (
    <div className={`jp-pipeline-diff-row jp-mod-${row.kind}`} role="row">
      <Side side={row.left} kind="left" differs={removes} said={trans.__('Before:')} />
      <Side side={row.right} kind="right" differs={adds} said={trans.__('Now:')} />
    </div>
  );
}

function Side(props: {
  side: ISide | null;
  kind: 'left' | 'right';
  differs: boolean;
  said: string;
}): JSX.Element {
  const { side, kind, differs } = props;
  const state = side === null ? 'jp-mod-none' : differs ? 'jp-mod-differs' : '';
  return (
    <>
      <span className={`jp-pipeline-diff-number jp-mod-${kind} ${state}`} aria-hidden="true">
        {side?.line}
      </span>
      <span className={`jp-pipeline-diff-text jp-mod-${kind} ${state}`} role="cell">
        {side && differs && <span className="jp-pipeline-unseen">{props.said} </span>}
        {side &&
          pieces(side).map((piece, index) =>
            piece.differs ? <mark key={index}>{piece.text}</mark> : piece.text
          )}
      </span>
    </>
  );
}
