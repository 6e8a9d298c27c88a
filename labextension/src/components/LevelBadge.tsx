/** The level of an output. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Level } from '../types';
import { levelMeaning } from './looks';

export interface ILevelBadgeProps {
  level: Level;
  trans: TranslationBundle;
}

export function LevelBadge({ level, trans }: ILevelBadgeProps): JSX.Element {
  return (
    <span className={`jp-pipeline-level-badge jp-mod-${level}`} title={levelMeaning(level, trans)}>
      {level}
    </span>
  );
}
