/** What can be done with a row, as a menu for the mouse and for keys. */

import * as React from 'react';
import { Popover } from './Popover';

export interface IMenuItem {
  label: string;
  disabled?: boolean;
  /** Whether a line stands above it. */
  divided?: boolean;
  run(): void;
}

export interface IRowMenuProps {
  label: string;
  items: readonly IMenuItem[];
  /** In pixels of the window. */
  at: { x: number; y: number };
  onClose(): void;
}

export function RowMenu({ label, items, at, onClose }: IRowMenuProps): JSX.Element {
  const keyed = (event: React.KeyboardEvent<HTMLDivElement>) => {
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>('button:not(:disabled)')];
    const now = all.indexOf(document.activeElement as HTMLElement);
    const places: Record<string, number> = {
      ArrowDown: (now + 1) % all.length,
      ArrowUp: (now - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1
    };
    if (event.key in places) {
      all[places[event.key]]?.focus();
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === 'Tab') {
      event.preventDefault();
      onClose();
    }
  };
  return (
    <Popover role="menu" label={label} at={at} onClose={onClose} onKeyDown={keyed}>
      {items.map(item => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          className={`jp-pipeline-menu-item ${item.divided ? 'jp-mod-divided' : ''}`}
          disabled={item.disabled}
          onClick={() => {
            onClose();
            window.setTimeout(item.run); // when the focus is back, so that a dialog finds and keeps it
          }}
        >
          {item.label}
        </button>
      ))}
    </Popover>
  );
}
