/** The one hook that joins the model to the components. */

import { ISignal } from '@lumino/signaling';
import { useEffect, useState } from 'react';
import { IPicture, PipelineModel } from '../model';

/** The model's picture; the component is drawn again whenever it changes. */
export function usePicture(model: PipelineModel): IPicture {
  const [picture, setPicture] = useState(model.picture);
  useEffect(() => {
    const changed = (_: PipelineModel, found: IPicture) => setPicture(found);
    setPicture(model.picture);
    model.changed.connect(changed);
    return () => {
      model.changed.disconnect(changed);
    };
  }, [model]);
  return picture;
}

/** Call something whenever a signal is emitted. */
export function useSignal<S, T>(signal: ISignal<S, T>, slot: (sender: S, value: T) => void): void {
  useEffect(() => {
    signal.connect(slot);
    return () => {
      signal.disconnect(slot);
    };
  }, [signal, slot]);
}
