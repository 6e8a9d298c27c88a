/** A job's log as far as it may be seen, followed until it has ended. */

import { TranslationBundle } from '@jupyterlab/translation';
import { useEffect, useState } from 'react';
import { Problem, ProjectApi } from '../api';
import { ILogPart } from '../types';
import { appended, EMPTY, ILog, noted } from './logLines';
import { asProblem } from './useLoaded';

/** Seconds that the server waits for something new. */
const WAIT = 25;
/** Milliseconds after an answer without anything in it that came at once, and while nobody can see the log. */
const REST = 1000;
/** Milliseconds before the first further try after an error; each time twice as long. */
const AGAIN = 1000;
const LONGEST = 30000;

export interface IFollowed {
  log: ILog;
  /** What the newest answer said of the whole log. */
  part: ILogPart | null;
  /** Bytes before the first that was read. */
  before: number;
  problem: Problem | null;
}

const NOTHING: IFollowed = { log: EMPTY, part: null, before: 0, problem: null };

/** The log; `isVisible` tells whether its tab is shown, and where it is not, nothing is asked. */
export function useLog(
  project: ProjectApi,
  jobId: string,
  isVisible: () => boolean,
  trans: TranslationBundle
): IFollowed {
  const [followed, setFollowed] = useState(NOTHING);

  useEffect(() => {
    const ending = new AbortController();
    let alive = true;
    let after: number | undefined;
    let failures = 0;
    let wake: () => void = () => undefined;
    let timer = 0;
    const pause = (milliseconds: number) =>
      new Promise<void>(resolve => {
        wake = resolve;
        timer = window.setTimeout(resolve, milliseconds);
      });

    /** Reads one part; gives the milliseconds to wait before the next, or null where none follows. */
    async function step(): Promise<number | null> {
      const begun = Date.now();
      const part = await project.log(jobId, after, after === undefined ? 0 : WAIT, ending.signal);
      if (!alive) {
        return null;
      }
      const missed = after === undefined ? 0 : Math.max(part.start - after, 0);
      const note = missed ? trans.__('… %1 bytes were not read here …', missed) : '';
      setFollowed(before => taken(before, part, note));
      after = part.after;
      failures = 0;
      if (part.ended && part.after >= part.size) {
        return null;
      }
      return !part.text && Date.now() - begun < REST ? REST : 0;
    }

    async function follow(): Promise<void> {
      while (alive) {
        try {
          const rest = isVisible() || after === undefined ? await step() : REST;
          if (rest === null) {
            return;
          }
          await pause(rest);
        } catch (error) {
          if (!alive) {
            return;
          }
          const problem = asProblem(error);
          setFollowed(before => ({ ...before, problem }));
          if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) {
            return; // it will not be otherwise the next time
          }
          await pause(Math.min(AGAIN * 2 ** failures++, LONGEST));
        }
      }
    }

    setFollowed(NOTHING);
    void follow();
    return () => {
      alive = false;
      ending.abort();
      window.clearTimeout(timer);
      wake();
    };
  }, [project, jobId]);

  return followed;
}

function taken(before: IFollowed, part: ILogPart, note: string): IFollowed {
  const log = note ? noted(before.log, note) : before.log;
  return {
    log: part.text ? appended(log, part.text) : log,
    part,
    before: before.part ? before.before : part.start,
    problem: null
  };
}
