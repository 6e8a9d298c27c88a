/** A name that may be broken where its words end. */

import * as React from 'react';

export function Name({ name }: { name: string }): JSX.Element {
  return (
    <>
      {name.split(/(?<=[_.:\-/])/).map((part, index) => (
        <React.Fragment key={index}>
          {index > 0 && <wbr />}
          {part}
        </React.Fragment>
      ))}
    </>
  );
}
