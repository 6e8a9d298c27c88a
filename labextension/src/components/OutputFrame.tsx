/** One output as a page in a frame: without scripts, unless somebody lets those of an HTML output run once. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Problem, ProjectApi } from '../api';
import { size } from '../format';
import { IOutput } from '../types';
import { LevelBadge } from './LevelBadge';
import { PageFrame } from './PageFrame';
import { Banner, Button } from './Parts';
import { Symbol } from './Symbol';
import { asProblem } from './useLoaded';

/** Pages that jobs have written: they get an origin of their own. */
const AUTHORED = /\.(html|svg|svgz)$/i;

export interface IOutputFrameProps {
  project: ProjectApi;
  output: IOutput;
  trans: TranslationBundle;
}

export function OutputFrame({ project, output, trans }: IOutputFrameProps): JSX.Element {
  const [ticket, setTicket] = React.useState<string | null>(null);
  const [isAsking, setIsAsking] = React.useState(false);
  const [problem, setProblem] = React.useState<Problem | null>(null);
  React.useEffect(() => {
    setTicket(null);
    setIsAsking(false);
    setProblem(null);
  }, [project, output.id]);

  const run = async () => {
    setIsAsking(false);
    try {
      setTicket(await project.allowScripts(output.id));
      setProblem(null);
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  const hasScripts = output.viewable && /\.html$/i.test(output.path);
  return (
    <PageFrame
      head={
        <>
          <span className="jp-pipeline-frame-path" title={output.path}>
            {output.path}
          </span>
          <LevelBadge level={output.level} trans={trans} />
          <span className="jp-pipeline-dim">{shape(output, trans)}</span>
          <span className="jp-pipeline-gap" />
          {hasScripts && ticket === null && (
            <Button disabled={isAsking} onClick={() => setIsAsking(true)}>
              {trans.__('Run its scripts once…')}
            </Button>
          )}
          {hasScripts && ticket !== null && (
            <Button onClick={() => setTicket(null)}>{trans.__('Show without scripts')}</Button>
          )}
          {output.viewable && (
            <a
              className="jp-pipeline-button"
              href={project.contentUrl(output.id)}
              download={output.path.split('/').pop()}
            >
              {trans.__('Download')}
            </a>
          )}
        </>
      }
      src={output.viewable ? project.viewUrl(output.id, ticket ?? undefined) : null}
      sandbox={sandboxOf(output.path, ticket !== null)}
      title={output.path}
    >
      {isAsking && (
        <Question trans={trans} onYes={() => void run()} onNo={() => setIsAsking(false)} />
      )}
      {problem && (
        <Banner tone="bad" alert>
          {problem.message}
        </Banner>
      )}
      {ticket !== null && (
        <Banner tone="warn">{trans.__('The scripts of this page run. This was recorded.')}</Banner>
      )}
      {!output.viewable && <Refused output={output} trans={trans} />}
    </PageFrame>
  );
}

/** What a frame may do. Pages of ours have no scripts and keep the login for their links; the others get nothing. */
export function sandboxOf(path: string, withScripts: boolean): string {
  if (withScripts) {
    return 'allow-scripts';
  }
  return AUTHORED.test(path) ? '' : 'allow-same-origin';
}

function Question(props: { trans: TranslationBundle; onYes(): void; onNo(): void }): JSX.Element {
  const { trans } = props;
  const no = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => no.current?.querySelector('button')?.focus(), []);
  return (
    <div
      ref={no}
      className="jp-pipeline-notice jp-mod-warn"
      role="alertdialog"
      aria-label={trans.__('Run the scripts of this page once?')}
      onKeyDown={event => event.key === 'Escape' && props.onNo()}
    >
      <strong>{trans.__('Run the scripts of this page once?')}</strong>
      <p>
        {trans.__(
          'They come from the code of the action. They run without a network and apart from JupyterLab, and cannot ' +
            'reach your files or your login. What they draw is not checked. It is recorded that you let them run.'
        )}
      </p>
      <div className="jp-pipeline-buttons">
        <Button onClick={props.onNo}>{trans.__('Do not run them')}</Button>
        <Button kind="warn" onClick={props.onYes}>
          {trans.__('Run them once')}
        </Button>
      </div>
    </div>
  );
}

function Refused({ output, trans }: { output: IOutput; trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-pipeline-refused" role="status">
      <Symbol name="lock" />
      <h2>{trans.__('This output may not be viewed')}</h2>
      <p>{output.reason}</p>
    </div>
  );
}

function shape(output: IOutput, trans: TranslationBundle): string {
  return output.rows === null || output.columns === null
    ? size(output.size)
    : trans.__('%1, %2 rows × %3 columns', size(output.size), output.rows, output.columns);
}
