/** Something above everything else, at a place of the page: closed by Escape, and by a click elsewhere. */

import * as React from 'react';

export interface IPopoverProps {
  label: string;
  role: 'menu' | 'dialog';
  /** In pixels of the window. */
  at: { x: number; y: number };
  children: React.ReactNode;
  onClose(): void;
  onKeyDown?(event: React.KeyboardEvent<HTMLDivElement>): void;
}

/** Pixels between it and the border of the window. */
const MARGIN = 4;

export function Popover(props: IPopoverProps): JSX.Element {
  const { at, label, role, onClose } = props;
  const node = React.useRef<HTMLDivElement>(null);
  const [place, setPlace] = React.useState(at);
  React.useLayoutEffect(() => {
    const { current } = node;
    if (!current) {
      return;
    }
    // JupyterLab's panels clip what they contain, but not what is in the top layer
    current.setAttribute('popover', 'manual');
    current.showPopover?.();
    const { width, height } = current.getBoundingClientRect();
    setPlace({
      x: Math.max(Math.min(at.x, window.innerWidth - width - MARGIN), MARGIN),
      y: Math.max(Math.min(at.y, window.innerHeight - height - MARGIN), MARGIN)
    });
    const before = document.activeElement as HTMLElement | null;
    (current.querySelector<HTMLElement>('button:not(:disabled), input') ?? current).focus();
    return () => before?.focus?.({ preventScroll: true });
  }, []);
  React.useEffect(() => {
    const pressed = (event: Event) => {
      if (!node.current?.contains(event.target as Node)) {
        onClose();
      }
    };
    document.addEventListener('pointerdown', pressed, true);
    window.addEventListener('resize', onClose);
    return () => {
      document.removeEventListener('pointerdown', pressed, true);
      window.removeEventListener('resize', onClose);
    };
  }, [onClose]);
  const keyed = (event: React.KeyboardEvent<HTMLDivElement>) => {
    props.onKeyDown?.(event);
    if (event.key === 'Escape') {
      event.stopPropagation();
      onClose();
    }
  };
  return (
    <div
      ref={node}
      role={role}
      tabIndex={-1}
      aria-label={label}
      className="jp-pipeline-popover"
      style={{ left: place.x, top: place.y }}
      onKeyDown={keyed}
    >
      {props.children}
    </div>
  );
}
