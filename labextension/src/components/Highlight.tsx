/** A YAML text with its comments, keys, strings and numbers told apart. */

import * as React from 'react';
import { yamlSpans } from './yamlSpans';

export interface IHighlightProps {
  source: string;
  /** What the text is, for those who do not see it. */
  label: string;
}

export const Highlight = React.memo(function Highlight(props: IHighlightProps): JSX.Element {
  return (
    <pre className="jp-pipeline-yaml" tabIndex={0} role="region" aria-label={props.label}>
      {yamlSpans(props.source.replace(/\r?\n$/, '')).map((spans, index) => (
        <span key={index} className="jp-pipeline-yaml-line">
          {spans.map((span, part) =>
            span.kind === 'plain' ? (
              span.text
            ) : (
              <span key={part} className={`jp-pipeline-yaml-${span.kind}`}>
                {span.text}
              </span>
            )
          )}
          {'\n'}
        </span>
      ))}
    </pre>
  );
});
