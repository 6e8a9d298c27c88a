/** A sentence of the server's, in which what stands between backticks is code. */

import * as React from 'react';

export function Sentence({ text }: { text: string }): JSX.Element {
  const parts = text.split(/`([^`\n]+)`/);
  return <>{parts.map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</>;
}
