/** The code of a request beside that of others: which files were added, changed and removed. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IComparison } from '../types';
import { Link } from './Parts';
import {
  changes,
  comparedWith,
  comparisonSentence,
  comparisonTitle,
  IChange
} from './requestFacts';

/** Paths of one kind of change that are listed before they are folded. */
const LISTED = 20;
const MARKS = { added: '+', changed: '~', removed: '−' };

export interface IComparisonsProps {
  comparisons: readonly IComparison[];
  trans: TranslationBundle;
  onOpenRequest(request: string): void;
}

export function Comparisons(props: IComparisonsProps): JSX.Element {
  return (
    <div className="jp-pipeline-comparisons">
      {props.comparisons.map(one => (
        <Comparison key={one.kind} {...props} one={one} />
      ))}
    </div>
  );
}

function Comparison(props: IComparisonsProps & { one: IComparison }): JSX.Element {
  const { one, trans } = props;
  const { request } = one;
  const sentence = comparisonSentence(one, trans);
  return (
    <div>
      <h3>{comparisonTitle(one, trans)}</h3>
      {request !== null && (
        <p>
          <Link onClick={() => props.onOpenRequest(request)}>{comparedWith(one, trans)}</Link>
        </p>
      )}
      {sentence ? (
        <p>{sentence}</p>
      ) : (
        changes(one, trans)
          .filter(change => change.paths.length > 0)
          .map(change => <Paths key={change.kind} change={change} trans={trans} />)
      )}
    </div>
  );
}

function Paths({ change, trans }: { change: IChange; trans: TranslationBundle }): JSX.Element {
  const [all, setAll] = React.useState(false);
  const { kind, words, paths } = change;
  const shown = all ? paths : paths.slice(0, LISTED);
  return (
    <div className={`jp-pipeline-paths jp-mod-${kind}`}>
      <h4>
        {words} <span className="jp-pipeline-dim">{paths.length}</span>
      </h4>
      <ul>
        {shown.map(path => (
          <li key={path}>
            <span aria-hidden="true">{MARKS[kind]}</span> <code>{path}</code>
          </li>
        ))}
      </ul>
      {shown.length < paths.length && (
        <Link onClick={() => setAll(true)}>{trans.__('Show all %1', paths.length)}</Link>
      )}
    </div>
  );
}
