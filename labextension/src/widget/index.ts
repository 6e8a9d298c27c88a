/** The module of all notebook widgets; `_kind` says which one a model is of. */

import '../../style/widget.css';
import { put, say } from '../dag/dom';
import { keepTime, make, setClock } from './dom';
import { showJobs, showProgress } from './jobs';
import { showLog } from './log';
import { follow, Memory, Model, Show } from './model';
import { showOutputs } from './outputs';
import { showPipeline } from './pipeline';

const KINDS: Record<string, Show> = {
  pipeline: showPipeline,
  jobs: showJobs,
  progress: showProgress,
  log: showLog,
  outputs: showOutputs
};

function render(model: Model, el: HTMLElement, memory: Memory): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  const host = make('div');
  el.append(host);
  const isPlain = !getComputedStyle(el).getPropertyValue('--jp-layout-color1');
  host.className = isPlain ? 'jp-pw jp-mod-plain' : 'jp-pw';
  const notice = make('p', 'notice');
  put(notice, 'role', 'status');
  host.append(notice);
  follow(model, ['_notice'], signal, () => {
    const text = model.get('_notice') as string;
    notice.hidden = !text;
    say(notice, text);
  });
  follow(model, ['_now'], signal, () => setClock(model.get('_now') as number));
  follow(model, ['height'], signal, () =>
    host.style.setProperty('--jp-pw-height', `${model.get('height')}px`)
  );
  KINDS[model.get('_kind') as string](model, host, signal, memory);
  keepTime(host, signal);
  model.send({ shown: 1 });
  return () => {
    ending.abort();
    model.send({ shown: -1 });
  };
}

/** Called once for each widget. */
export default () => {
  const memory: Memory = {};
  return {
    render: ({ model, el }: { model: Model; el: HTMLElement }) => render(model, el, memory)
  };
};
