/** Where the problems of project.yaml are in its text. */

import { IProjectProblem } from '../types';

export interface IMark {
  from: number;
  to: number;
  severity: 'error' | 'warning' | 'hint';
  message: string;
}

const WORD = /^[^\s:,[\]{}]+/;

/** A mark for each problem that has a line, in the order of the text. */
export function marksOf(text: string, problems: IProjectProblem[]): IMark[] {
  const lines = text.split('\n');
  const starts = [0];
  for (const line of lines) {
    starts.push(starts[starts.length - 1] + line.length + 1);
  }
  return problems
    .map(problem => {
      const number = Math.min(Math.max(problem.line ?? 1, 1), lines.length) - 1;
      const line = lines[number].replace(/\r$/, '');
      const column = Math.min(units(line, (problem.column ?? 1) - 1), line.length);
      const word = WORD.exec(line.slice(column))?.[0].length ?? 0;
      const begin = word > 0 ? column : line.length - line.trimStart().length;
      const end = word > 0 ? column + word : line.length;
      return {
        from: starts[number] + Math.min(begin, end),
        to: starts[number] + end,
        severity: problem.severity,
        message: `${problem.what} ${problem.remedy}`.trim()
      };
    })
    .sort((one, other) => one.from - other.from);
}

/** How many UTF-16 units so many characters of a line take: the server counts whole characters. */
function units(line: string, characters: number): number {
  return Array.from(line).slice(0, characters).join('').length;
}
