/** What a document shows of the server, asked for again when a bell rings for it. */

import { ISignal } from '@lumino/signaling';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem } from '../api';
import { IBell } from '../types';

/** Milliseconds between a bell and asking; more bells meanwhile are one. */
const SETTLE = 250;
/** Milliseconds between two looks at what is unfinished, where no bell is heard. */
const LOOK = 10000;

export interface ILoaded<T> {
  value: T | null;
  problem: Problem | null;
  reload: () => void;
}

export interface IWhen<T> {
  bells?: ISignal<unknown, IBell>;
  /** Whether a bell is for this document. */
  rings?: (bell: IBell) => boolean;
  /** Whether to look again without a bell. */
  unfinished?: (value: T) => boolean;
}

/** What `load` gives; `key` names it, and another key asks anew. The last good answer stays while there is a problem. */
export function useLoaded<T>(load: () => Promise<T>, key: string, when: IWhen<T> = {}): ILoaded<T> {
  const [found, setFound] = useState<{ key: string; value: T | null; problem: Problem | null }>({
    key,
    value: null,
    problem: null
  });
  const [asked, setAsked] = useState(0);
  const latest = useRef({ load, when });
  latest.current = { load, when };
  const reload = useCallback(() => setAsked(before => before + 1), []);

  useEffect(() => {
    let alive = true;
    latest.current.load().then(
      value => alive && setFound({ key, value, problem: null }),
      error =>
        alive &&
        setFound(before => ({
          key,
          value: before.key === key ? before.value : null,
          problem: asProblem(error)
        }))
    );
    return () => {
      alive = false;
    };
  }, [key, asked]);

  const { bells } = when;
  useEffect(() => {
    let settling = 0;
    const heard = (_: unknown, bell: IBell) => {
      if (settling === 0 && latest.current.when.rings?.(bell)) {
        settling = window.setTimeout(() => {
          settling = 0;
          reload();
        }, SETTLE);
      }
    };
    bells?.connect(heard);
    return () => {
      window.clearTimeout(settling);
      bells?.disconnect(heard);
    };
  }, [bells, key]);

  const value = found.key === key ? found.value : null;
  const again = value !== null && !!when.unfinished?.(value);
  useEffect(() => {
    if (!again) {
      return;
    }
    const look = window.setInterval(() => !document.hidden && reload(), LOOK);
    return () => window.clearInterval(look);
  }, [again, key]);

  return { value, problem: found.key === key ? found.problem : null, reload };
}

/** The moment, told anew every second while something goes on. */
export function useNow(going: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!going) {
      return;
    }
    const ticks = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(ticks);
  }, [going]);
  return now;
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, String(error), '');
}
