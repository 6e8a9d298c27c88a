/** Something that a person asked for: whether it goes on, and what went wrong. */

import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem } from '../api';
import { asProblem } from './useLoaded';

export interface IDeed {
  busy: boolean;
  problem: Problem | null;
  /** Do it; while it goes on, it is not begun again. */
  run(deed: () => Promise<unknown>): void;
  forget(): void;
}

export function useDeed(): IDeed {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const alive = useRef(true);
  const going = useRef(false);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  const run = useCallback((deed: () => Promise<unknown>) => {
    if (going.current) {
      return;
    }
    going.current = true;
    setBusy(true);
    setProblem(null);
    void deed()
      .catch(error => alive.current && setProblem(asProblem(error)))
      .finally(() => {
        going.current = false;
        alive.current && setBusy(false);
      });
  }, []);
  return { busy, problem, run, forget: () => setProblem(null) };
}
