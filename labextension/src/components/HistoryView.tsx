/** The requests, newest first. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { duration } from '../format';
import { IRequest, RequestStatus } from '../types';
import { statusLook } from './looks';
import { Button, Failed, Link } from './Parts';
import { isFinal } from './requestFacts';
import { StatusBadge } from './StateBadge';
import { Times } from './Times';
import { useDeed } from './useDeed';

const STATUSES: readonly RequestStatus[] = [
  'pending',
  'running',
  'succeeded',
  'failed',
  'nothing_to_do'
];
/** Requested actions that are named; the others are counted. */
const NAMED = 3;

export interface IHistoryViewProps {
  requests: readonly IRequest[];
  trans: TranslationBundle;
  onOpen(request: string): void;
  /** Show a request beside an earlier one. */
  onCompare(earlier: string, later: string): void;
  onRunAgain(request: IRequest): void;
  /** Given where there are older ones. */
  onMore?(): Promise<void>;
}

export function HistoryView(props: IHistoryViewProps): JSX.Element {
  const { requests, trans } = props;
  const [filter, setFilter] = React.useState('');
  const [status, setStatus] = React.useState('');
  const [marked, setMarked] = React.useState<readonly string[]>([]);
  const loading = useDeed();
  const wanted = filter.trim().toLowerCase();
  const found = requests.filter(
    one =>
      (status === '' || one.status === status) && texts(one).some(text => text.includes(wanted))
  );
  return (
    <div className="jp-pipeline-list">
      <div className="jp-pipeline-list-bar">
        <input
          type="search"
          className="jp-pipeline-input"
          placeholder={trans.__('Search')}
          aria-label={trans.__('Search the requests by number, action, person or commit')}
          value={filter}
          onChange={event => setFilter(event.target.value)}
        />
        <select
          className="jp-pipeline-input"
          aria-label={trans.__('Status')}
          value={status}
          onChange={event => setStatus(event.target.value)}
        >
          <option value="">{trans.__('Any status')}</option>
          {STATUSES.map(one => (
            <option key={one} value={one}>
              {statusLook(one, trans).words}
            </option>
          ))}
        </select>
      </div>
      {marked.length > 0 && <Marked {...props} marked={marked} onClear={() => setMarked([])} />}
      {found.length > 0 && (
        <ul className="jp-pipeline-requests" aria-label={trans.__('Job requests, newest first')}>
          {found.map(one => (
            <RequestRow
              key={one.id}
              {...props}
              request={one}
              isMarked={marked.includes(one.id)}
              onMark={() => setMarked(before => markedWith(before, one.id))}
            />
          ))}
        </ul>
      )}
      {found.length === 0 && (
        <p className="jp-pipeline-dim jp-pipeline-nothing" role="status">
          {requests.length > 0
            ? trans.__('No request is like that.')
            : trans.__('Nothing has been run yet.')}
        </p>
      )}
      {props.onMore && (
        <Button disabled={loading.busy} onClick={() => loading.run(props.onMore!)}>
          {trans.__('Show older requests')}
        </Button>
      )}
      <Failed problem={loading.problem} trans={trans} />
    </div>
  );
}

/** Two at most: a third takes the place of the first. */
function markedWith(before: readonly string[], id: string): string[] {
  return before.includes(id) ? before.filter(one => one !== id) : [...before, id].slice(-2);
}

/** What can be done with the requests that are marked. */
function Marked(
  props: IHistoryViewProps & { marked: readonly string[]; onClear(): void }
): JSX.Element {
  const { marked, requests, trans } = props;
  // newest first, so the last of the two is the earlier one
  const [later, earlier] = requests.filter(one => marked.includes(one.id));
  return (
    <div className="jp-pipeline-marked" role="status">
      <span>
        {earlier
          ? trans.__('Requests %1 and %2', earlier.number, later.number)
          : trans.__('Mark another request to compare two.')}
      </span>
      <span className="jp-pipeline-gap" />
      {earlier && (
        <Button kind="accept" onClick={() => props.onCompare(earlier.id, later.id)}>
          {trans.__('Compare')}
        </Button>
      )}
      <Button onClick={props.onClear}>{trans.__('Clear')}</Button>
    </div>
  );
}

function RequestRow(
  props: IHistoryViewProps & { request: IRequest; isMarked: boolean; onMark(): void }
): JSX.Element {
  const { request, isMarked, trans } = props;
  return (
    <li className={`jp-pipeline-request ${isMarked ? 'jp-mod-selected' : ''}`}>
      <input
        type="checkbox"
        className="jp-pipeline-request-mark"
        checked={isMarked}
        aria-label={trans.__('Mark request %1 to compare it', request.number)}
        onChange={props.onMark}
      />
      <span className="jp-pipeline-request-number">
        <Link title={request.id} onClick={() => props.onOpen(request.id)}>
          <span className="jp-pipeline-unseen">{trans.__('Job request')} </span>
          {request.number}
        </Link>
      </span>
      <span className="jp-pipeline-request-state">
        <StatusBadge request={request} trans={trans} />
      </span>
      <Progress request={request} trans={trans} />
      <span className="jp-pipeline-request-actions" title={request.requested_actions.join(', ')}>
        {named(request.requested_actions, trans)}
        {request.force && <span className="jp-pipeline-dim"> · {trans.__('forced')}</span>}
      </span>
      <span className="jp-pipeline-request-who jp-pipeline-dim">
        {request.requested_by} · <Times moment={request.created_at} trans={trans} zone />
        {request.runtime > 0 && ` · ${duration(request.runtime)}`}
      </span>
      <span className="jp-pipeline-request-again">
        <Button
          label={trans.__('Run the actions of request %1 again', request.number)}
          onClick={() => props.onRunAgain(request)}
        >
          {trans.__('Run again…')}
        </Button>
      </span>
    </li>
  );
}

function Progress({
  request,
  trans
}: {
  request: IRequest;
  trans: TranslationBundle;
}): JSX.Element {
  const total = request.jobs.length;
  const done = request.jobs.filter(job => isFinal(job.state)).length;
  const words = trans.__('%1 of %2 jobs done', done, total);
  return (
    <span className="jp-pipeline-request-jobs jp-pipeline-dim" title={words}>
      <span aria-hidden="true">
        {done}/{total}
      </span>
      <span className="jp-pipeline-unseen">{words}</span>
    </span>
  );
}

function named(actions: readonly string[], trans: TranslationBundle): string {
  const shown = actions.slice(0, NAMED).join(', ');
  return actions.length > NAMED ? trans.__('%1 and %2 more', shown, actions.length - NAMED) : shown;
}

function texts(request: IRequest): string[] {
  return [
    String(request.number),
    request.id,
    request.requested_by,
    request.branch ?? '',
    request.commit ?? '',
    request.requested_actions.join(' ')
  ].map(text => text.toLowerCase());
}
