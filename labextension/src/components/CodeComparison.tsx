/** The code of a request beside that of an earlier one: which files differ, and where. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IFileChange, IRequest } from '../types';
import { changeWords, MARKS, nothingToShow, sums } from './differences';
import { FileDifference } from './FileDifference';
import { Banner, Button, Link, Waiting } from './Parts';
import { ICompared, IOpenFile, PREVIOUS, PREVIOUS_SUCCESSFUL } from './useCompared';

/** Files that are listed before somebody asks for all. */
const LISTED = 50;
/** Files that are opened at once at most. */
const OPENED = 20;

export interface ICodeComparisonProps {
  compared: ICompared;
  trans: TranslationBundle;
  onOpenRequest(request: string): void;
}

export function CodeComparison(props: ICodeComparisonProps): JSX.Element {
  const { compared, trans } = props;
  const { value, problem, reload } = compared.found;
  if (!value) {
    return <Waiting problem={problem} reload={reload} trans={trans} />;
  }
  const nothing = nothingToShow(value, trans);
  if (nothing) {
    return <p className="jp-pipeline-dim">{nothing}</p>;
  }
  return <Files {...props} files={value.files} />;
}

/** Which request to compare with, and the way to it. */
export function CompareWith(props: ICodeComparisonProps): JSX.Element {
  const { compared, trans } = props;
  const found = compared.found.value;
  return (
    <span className="jp-pipeline-compare-with">
      <select
        className="jp-pipeline-input"
        aria-label={trans.__('Compare with')}
        value={compared.other}
        onChange={event => compared.choose(event.target.value)}
      >
        <option value={PREVIOUS}>{trans.__('with the previous request')}</option>
        <option value={PREVIOUS_SUCCESSFUL}>
          {trans.__('with the previous successful request')}
        </option>
        {compared.earlier.map(one => (
          <option key={one.id} value={one.id}>
            {choice(one, trans)}
          </option>
        ))}
        {isElsewhere(compared) && <option value={compared.other}>{compared.other}</option>}
      </select>
      {found?.with && (
        <Link onClick={() => props.onOpenRequest(found.with!)}>
          {trans.__('Job request %1', found.number ?? found.with)}
        </Link>
      )}
    </span>
  );
}

function choice(request: IRequest, trans: TranslationBundle): string {
  const when = request.created_at.slice(0, 16).replace('T', ' ');
  return trans.__('with %1: %2, %3', request.number, request.requested_actions.join(', '), when);
}

/** Whether the request to compare with is not among the choices, because it is older than all of them. */
function isElsewhere({ other, earlier }: ICompared): boolean {
  return (
    other !== PREVIOUS && other !== PREVIOUS_SUCCESSFUL && !earlier.some(one => one.id === other)
  );
}

function Files(props: ICodeComparisonProps & { files: readonly IFileChange[] }): JSX.Element {
  const { compared, files, trans } = props;
  const [all, setAll] = React.useState(false);
  const shown = all ? files : files.slice(0, LISTED);
  const { added, removed } = sums(files);
  const first = shown.slice(0, OPENED).map(one => one.path);
  const isOpen = first.every(path => compared.open.has(path));
  return (
    <>
      <div className="jp-pipeline-files-head">
        <span>{trans._n('%1 file differs', '%1 files differ', files.length)}</span>
        <Counts added={added} removed={removed} trans={trans} />
        <span className="jp-pipeline-gap" />
        <Button
          onClick={() => compared.toggle(isOpen ? [...compared.open.keys()] : first, !isOpen)}
        >
          {isOpen
            ? trans.__('Close all')
            : first.length < files.length
              ? trans.__('Open the first %1', first.length)
              : trans.__('Open all')}
        </Button>
      </div>
      <ul className="jp-pipeline-files">
        {shown.map(file => (
          <File key={file.path} {...props} file={file} open={compared.open.get(file.path)} />
        ))}
      </ul>
      {shown.length < files.length && (
        <Button onClick={() => setAll(true)}>{trans.__('Show all %1 files', files.length)}</Button>
      )}
    </>
  );
}

function File(
  props: ICodeComparisonProps & { file: IFileChange; open: IOpenFile | undefined }
): JSX.Element {
  const { file, open, compared, trans } = props;
  const { path, change, kind } = file;
  return (
    <li className={`jp-pipeline-file jp-mod-${change}`}>
      <button
        type="button"
        className="jp-pipeline-file-head"
        aria-expanded={open !== undefined}
        onClick={() => compared.toggle([path], open === undefined)}
      >
        <span className="jp-pipeline-file-mark" title={changeWords(change, trans)}>
          <span aria-hidden="true">{MARKS[change]}</span>
          <span className="jp-pipeline-unseen">{changeWords(change, trans)}: </span>
        </span>
        <code>{path}</code>
        <span className="jp-pipeline-gap" />
        {kind !== 'text' && <span className="jp-pipeline-dim">{kind}</span>}
        <Counts added={file.added} removed={file.removed} trans={trans} />
      </button>
      {open && (
        <div className="jp-pipeline-file-body">
          {open.difference && <FileDifference difference={open.difference} trans={trans} />}
          {open.problem && (
            <Banner tone="bad" alert>
              {open.problem.message}
            </Banner>
          )}
          {!open.difference && !open.problem && (
            <p className="jp-pipeline-dim" role="status">
              {trans.__('Loading…')}
            </p>
          )}
        </div>
      )}
    </li>
  );
}

function Counts(props: {
  added: number | null;
  removed: number | null;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { added, removed, trans } = props;
  if (added === null && removed === null) {
    return null;
  }
  const words = trans.__('%1 lines added, %2 removed', added ?? 0, removed ?? 0);
  return (
    <span className="jp-pipeline-counts" title={words}>
      <span className="jp-pipeline-unseen">{words}</span>
      <span aria-hidden="true" className="jp-mod-added">
        +{added ?? 0}
      </span>
      <span aria-hidden="true" className="jp-mod-removed">
        −{removed ?? 0}
      </span>
    </span>
  );
}
