/** Small drawings that stand beside words, in the colour of the text. */

import * as React from 'react';
import { SymbolName } from './looks';

const PATHS: Record<SymbolName, string> = {
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4 12 12M12 4 4 12',
  busy: 'M8 2a6 6 0 1 1-6 6',
  play: 'M5 3.5v9L12 8z',
  wait: 'M8 2a6 6 0 1 0 .01 0M8 5v3l2 1.5',
  skip: 'M3.5 8h9',
  stop: 'M4.5 4.5h7v7h-7z',
  again: 'M12.8 6.5A5 5 0 1 0 13 8.6M13 3v3.6H9.4',
  lock: 'M4 7.5h8v6H4zM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2'
};

export function Symbol({ name }: { name: SymbolName }): JSX.Element {
  return (
    <svg
      className={`jp-pipeline-symbol jp-mod-${name}`}
      viewBox="0 0 16 16"
      width="12"
      height="12"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
