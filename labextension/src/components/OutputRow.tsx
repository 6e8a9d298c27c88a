/** One output in a list: its path, level, size and shape, and if it may not be viewed, why. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { size } from '../format';
import { IOutput } from '../types';
import { LevelBadge } from './LevelBadge';
import { Link } from './Parts';
import { Symbol } from './Symbol';

export interface IOutputRowProps {
  output: IOutput;
  trans: TranslationBundle;
  onOpen(output: IOutput): void;
}

export function OutputRow({ output, trans, onOpen }: IOutputRowProps): JSX.Element {
  const { path, level, viewable, reason, rows, columns } = output;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const folder = path.slice(0, path.length - name.length);
  const shown = (
    <>
      <span className="jp-pipeline-dim">{folder}</span>
      {name}
    </>
  );
  return (
    <li className="jp-pipeline-output">
      <span className="jp-pipeline-output-path" title={path}>
        {viewable ? (
          <Link onClick={() => onOpen(output)}>{shown}</Link>
        ) : (
          <>
            <Symbol name="lock" />
            <span className="jp-pipeline-unseen">{trans.__('Locked:')} </span>
            {shown}
          </>
        )}
      </span>
      <span className="jp-pipeline-output-level">
        <LevelBadge level={level} trans={trans} />
      </span>
      <span className="jp-pipeline-output-shape">
        {rows !== null && columns !== null && <span>{trans.__('%1 × %2', rows, columns)}</span>}
      </span>
      <span className="jp-pipeline-output-size">{size(output.size)}</span>
      {!viewable && <span className="jp-pipeline-output-reason">{reason}</span>}
      {!output.present && (
        <span className="jp-pipeline-output-reason">
          {trans.__('It is not in the project’s folder any more.')}
        </span>
      )}
    </li>
  );
}

/** Outputs as a list. */
export function OutputList(props: {
  outputs: readonly IOutput[];
  label: string;
  trans: TranslationBundle;
  onOpen(output: IOutput): void;
}): JSX.Element {
  return (
    <ul className="jp-pipeline-outputs-list" aria-label={props.label}>
      {props.outputs.map(output => (
        <OutputRow key={output.id} output={output} trans={props.trans} onOpen={props.onOpen} />
      ))}
    </ul>
  );
}
