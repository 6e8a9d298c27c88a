/** A menu at a place of the page, for the mouse and for keys. */

import * as React from 'react';

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

/** Pixels between the menu and the border of the window. */
const MARGIN = 4;

export function RowMenu({ label, items, at, onClose }: IRowMenuProps): JSX.Element {
  const list = React.useRef<HTMLUListElement>(null);
  const [place, setPlace] = React.useState(at);
  React.useLayoutEffect(() => {
    const node = list.current!;
    const { width, height } = node.getBoundingClientRect();
    setPlace({
      x: Math.max(Math.min(at.x, window.innerWidth - width - MARGIN), MARGIN),
      y: Math.max(Math.min(at.y, window.innerHeight - height - MARGIN), MARGIN)
    });
    const before = document.activeElement as HTMLElement | null;
    buttons(node)[0]?.focus();
    return () => before?.focus?.({ preventScroll: true });
  }, []);
  React.useEffect(() => {
    const pressed = (event: Event) => {
      if (!list.current?.contains(event.target as Node)) {
        onClose();
      }
    };
    document.addEventListener('pointerdown', pressed, true);
    window.addEventListener('blur', onClose);
    window.addEventListener('resize', onClose);
    return () => {
      document.removeEventListener('pointerdown', pressed, true);
      window.removeEventListener('blur', onClose);
      window.removeEventListener('resize', onClose);
    };
  }, [onClose]);
  const keyed = (event: React.KeyboardEvent) => {
    const all = buttons(list.current!);
    const now = all.indexOf(document.activeElement as HTMLButtonElement);
    const steps: Record<string, number> = {
      ArrowDown: (now + 1) % all.length,
      ArrowUp: (now - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1
    };
    if (event.key in steps) {
      all[steps[event.key]]?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      onClose();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <ul
      ref={list}
      role="menu"
      aria-label={label}
      className="jp-pipeline-menu"
      style={{ left: place.x, top: place.y }}
      onKeyDown={keyed}
    >
      {items.map(item => (
        <li key={item.label} role="none" className={item.divided ? 'jp-mod-divided' : undefined}>
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            disabled={item.disabled}
            onClick={() => {
              onClose();
              item.run();
            }}
          >
            {item.label}
          </button>
        </li>
      ))}
    </ul>
  );
}

function buttons(node: HTMLElement): HTMLButtonElement[] {
  return [...node.querySelectorAll<HTMLButtonElement>('button:not(:disabled)')];
}
