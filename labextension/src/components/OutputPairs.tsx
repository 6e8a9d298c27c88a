/** The outputs of a request beside those of an earlier one: which are the same, and which can be compared. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { size } from '../format';
import { IOutput, IOutputPair } from '../types';
import { LevelBadge } from './LevelBadge';
import { Badge } from './StateBadge';
import { Name } from './Name';
import { Button, Link, Waiting } from './Parts';
import { pairLook } from './looks';
import { ICompared } from './useCompared';

/** Pairs that are listed before somebody asks for all. */
const LISTED = 60;

export interface IOutputPairsProps {
  compared: ICompared;
  trans: TranslationBundle;
  onOpenOutput(output: IOutput): void;
  /** Called with the identifiers of the earlier and the later output, and their path. */
  onOpenComparison(left: string, right: string, path: string): void;
}

export function OutputPairs(props: IOutputPairsProps): JSX.Element {
  const { compared, trans } = props;
  const { value, problem, reload } = compared.outputs;
  const [differing, setDiffering] = React.useState(true);
  const [all, setAll] = React.useState(false);
  if (!value) {
    return problem || compared.found.value?.with ? (
      <Waiting problem={problem} reload={reload} trans={trans} />
    ) : (
      <p className="jp-pipeline-dim">{trans.__('There is no earlier request to compare with.')}</p>
    );
  }
  const wanted = value.outputs.filter(one => !differing || one.same !== true);
  const shown = all ? wanted : wanted.slice(0, LISTED);
  const count = value.outputs.filter(one => one.same !== true).length;
  return (
    <>
      <div className="jp-pipeline-files-head">
        <span>
          {trans._n(
            '%1 output, of which %2 not as before',
            '%1 outputs, of which %2 not as before',
            value.outputs.length,
            count
          )}
        </span>
        <span className="jp-pipeline-gap" />
        <Button pressed={differing} onClick={() => setDiffering(!differing)}>
          {trans.__('Only what differs')}
        </Button>
      </div>
      {shown.length > 0 ? (
        <ul className="jp-pipeline-pairs" aria-label={trans.__('Outputs of both requests')}>
          {shown.map(pair => (
            <Pair key={`${pair.action} ${pair.path}`} {...props} pair={pair} />
          ))}
        </ul>
      ) : (
        <p className="jp-pipeline-dim">
          {value.outputs.length > 0
            ? trans.__('All outputs are the same.')
            : trans.__('There are no outputs of these requests any more.')}
        </p>
      )}
      {shown.length < wanted.length && (
        <Button onClick={() => setAll(true)}>{trans.__('Show all %1', wanted.length)}</Button>
      )}
    </>
  );
}

function Pair(props: IOutputPairsProps & { pair: IOutputPair }): JSX.Element {
  const { pair, trans } = props;
  const { left, right, path } = pair;
  return (
    <li className="jp-pipeline-pair">
      <span className="jp-pipeline-pair-state">
        <Badge look={pairLook(pair, trans)} />
      </span>
      <span className="jp-pipeline-pair-path">
        {right?.viewable ? (
          <Link onClick={() => props.onOpenOutput(right)}>
            <Name name={path} />
          </Link>
        ) : (
          <Name name={path} />
        )}
        <span className="jp-pipeline-pair-more">
          <LevelBadge level={pair.level} trans={trans} /> {pair.reason}
        </span>
      </span>
      <span className="jp-pipeline-pair-size jp-pipeline-dim">{sizes(left, right)}</span>
      {pair.comparable && left && right && !pair.same ? (
        <Button
          label={trans.__('Compare %1', path)}
          onClick={() => props.onOpenComparison(left.id, right.id, path)}
        >
          {trans.__('Compare')}
        </Button>
      ) : (
        <span />
      )}
    </li>
  );
}

function sizes(left: IOutput | null, right: IOutput | null): string {
  const [before, now] = [left && size(left.size), right && size(right.size)];
  return before !== null && now !== null && before !== now
    ? `${before} → ${now}`
    : (now ?? before ?? '');
}
