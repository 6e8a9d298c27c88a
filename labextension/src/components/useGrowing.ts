/** What long lists need: to be there at once in their first part, and to be drawn again only where they changed. */

import { useCallback, useEffect, useRef, useState } from 'react';

/** Rows that are drawn at first, and at a time after that. */
const FIRST = 60;
const MORE = 40;

/** How many of so many rows to draw: the first ones now, the others while the browser has nothing else to do. */
export function useGrowing(total: number): number {
  const [count, setCount] = useState(FIRST);
  useEffect(() => {
    if (count >= total) {
      return;
    }
    const wait = window.requestIdleCallback ?? ((grow: () => void) => window.setTimeout(grow, 20));
    const cancel = window.cancelIdleCallback ?? window.clearTimeout;
    const waiting = wait(() => setCount(count + MORE));
    return () => cancel(waiting);
  }, [count, total]);
  return Math.min(count, total);
}

/** A function that never changes and calls the newest one: what is given it need not be drawn again. */
export function useLatest<A extends unknown[]>(call: (...given: A) => void): (...given: A) => void {
  const latest = useRef(call);
  latest.current = call;
  return useCallback((...given: A) => latest.current(...given), []);
}
