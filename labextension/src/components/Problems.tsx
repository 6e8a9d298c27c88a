/** What is wrong with project.yaml, each with a way to its line. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IChecked, IProjectProblem } from '../types';
import { Sentence } from './Sentence';

export interface IProblemsProps {
  checked: IChecked | null;
  trans: TranslationBundle;
  onOpen(problem: IProjectProblem): void;
}

export function Problems({ checked, trans, onOpen }: IProblemsProps): JSX.Element {
  if (!checked || checked.problems.length === 0) {
    return <p className="jp-pipeline-note">{trans.__('project.yaml has no problems.')}</p>;
  }
  const names = { error: trans.__('Error'), warning: trans.__('Warning'), hint: trans.__('Hint') };
  return (
    <ul className="jp-pipeline-problems">
      {checked.problems.map((problem, index) => (
        <li key={index} className={`jp-mod-${problem.severity}`}>
          <button type="button" className="jp-pipeline-link" onClick={() => onOpen(problem)}>
            {names[problem.severity]}
            {problem.line !== null && ` · ${trans.__('line %1', problem.line)}`}
          </button>
          <p>
            <Sentence text={problem.what} />
          </p>
          <p className="jp-pipeline-sub">
            <Sentence text={problem.remedy} /> <code>{problem.rule}</code>
          </p>
        </li>
      ))}
    </ul>
  );
}
