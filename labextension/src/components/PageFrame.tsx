/** A page of the server's in a frame, below a line that says what it is. */

import * as React from 'react';

export interface IPageFrameProps {
  /** What stands above the page. */
  head: React.ReactNode;
  /** The address of the page; null where there is nothing to show. */
  src: string | null;
  title: string;
  /** What the page may do. */
  sandbox: string;
  /** Stands between the head and the page, or in place of it. */
  children?: React.ReactNode;
}

export function PageFrame(props: IPageFrameProps): JSX.Element {
  return (
    <div className="jp-pipeline-frame">
      <div className="jp-pipeline-frame-head">{props.head}</div>
      {props.children}
      {props.src !== null && (
        <iframe
          key={props.src}
          src={props.src}
          sandbox={props.sandbox}
          referrerPolicy="same-origin"
          title={props.title}
        />
      )}
    </div>
  );
}
