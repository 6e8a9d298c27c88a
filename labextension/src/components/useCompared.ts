/** The code and outputs of a request beside those of an earlier one: which one, which files are open, what they say. */

import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem, ProjectApi } from '../api';
import { ICodeDifferences, IFileDifferences, IOutputPairs, IRequest } from '../types';
import { asProblem, ILoaded, useLoaded } from './useLoaded';

export const PREVIOUS = 'previous';
export const PREVIOUS_SUCCESSFUL = 'previous_successful';
/** Earlier requests that can be chosen from. */
const CHOICES = 100;

export interface IOpenFile {
  difference: IFileDifferences | null;
  problem: Problem | null;
}

export interface ICompared {
  /** What to compare with: an identifier, or one of the words above. */
  other: string;
  choose(other: string): void;
  /** Requests made before this one, newest first. */
  earlier: readonly IRequest[];
  found: ILoaded<ICodeDifferences>;
  outputs: ILoaded<IOutputPairs | null>;
  /** The files that are open, by path. */
  open: ReadonlyMap<string, IOpenFile>;
  toggle(paths: readonly string[], open: boolean): void;
}

export function useCompared(project: ProjectApi, request: string, first = PREVIOUS): ICompared {
  const [other, setOther] = useState(first);
  const [open, setOpen] = useState<ReadonlyMap<string, IOpenFile>>(new Map());
  const key = `${project.id} ${project.backend} ${request}`;
  const earlier = useLoaded(() => before(project, request), key);
  const found = useLoaded(() => project.differences(request, other), `${key} ${other}`);
  const base = found.value?.with ?? null;
  const outputs = useLoaded(
    async () => (base === null ? null : project.outputPairs(request, base)),
    `${key} ${base}`
  );
  const asked = useRef(0); // answers for another request come too late
  useEffect(() => {
    asked.current += 1;
    setOpen(new Map());
  }, [key, other]);
  const toggle = useCallback(
    (paths: readonly string[], show: boolean) => {
      const turn = asked.current;
      const put = (path: string, file: IOpenFile) =>
        turn === asked.current &&
        setOpen(files => (files.has(path) ? new Map(files).set(path, file) : files));
      setOpen(files => {
        const next = new Map(files);
        paths.forEach(path =>
          show ? next.set(path, { difference: null, problem: null }) : next.delete(path)
        );
        return next;
      });
      for (const path of show ? paths : []) {
        project.difference(request, other, path).then(
          difference => put(path, { difference, problem: null }),
          error => put(path, { difference: null, problem: asProblem(error) })
        );
      }
    },
    [key, other]
  );
  return {
    other,
    choose: setOther,
    earlier: earlier.value ?? [],
    found,
    outputs,
    open,
    toggle
  };
}

async function before(project: ProjectApi, request: string): Promise<IRequest[]> {
  const { requests } = await project.requests(undefined, CHOICES);
  const at = requests.findIndex(one => one.id === request);
  return at < 0 ? [] : requests.slice(at + 1);
}
