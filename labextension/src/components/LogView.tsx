/** A job's log, live: followed to its end, with its colours, searched and saved. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { classesOf } from '../ansi';
import { ProjectApi } from '../api';
import { size } from '../format';
import { IBlock, ILine, IPlace, marked, places, plainText, shownBlocks } from './logLines';
import { Button } from './Parts';
import { save } from './save';
import { IFollowed, useLog } from './useLog';

/** Pixels from the end within which the reader counts as being at the end. */
const NEAR = 24;

/** Lines up to which a log that has ended is shown without room below them. */
const SHORT = 12;

export interface ILogViewProps {
  project: ProjectApi;
  jobId: string;
  trans: TranslationBundle;
  /** Whether to keep the end in sight at first. */
  follow: boolean;
  /** Called once when the whole log of a job that has ended was read. */
  onEnded?(): void;
}

type Following = 'on' | 'off' | 'paused';

export function LogView(props: ILogViewProps): JSX.Element {
  const { project, jobId, trans } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const followed = useLog(project, jobId, () => isDrawn(scroller), trans);
  const { log } = followed;
  const [wraps, setWraps] = React.useState(true);
  const [following, setFollowing] = React.useState<Following>(props.follow ? 'on' : 'off');
  const blocks = React.useMemo(() => shownBlocks(log), [log]);
  const search = useSearch(blocks);
  const ended = hasEnded(followed);
  const isEmpty = log.blocks.length === 0 && !log.open;

  useEndInSight(scroller, following === 'on', isEmpty, [log, wraps]);
  React.useEffect(() => {
    if (ended) {
      props.onEnded?.();
    }
  }, [ended]);

  const lines = blocks.reduce((sum, block) => sum + block.lines.length, 0);
  const isShort = ended && !isEmpty && lines <= SHORT;
  const toCurrent = search.current;
  React.useEffect(() => {
    if (toCurrent) {
      setFollowing(before => (before === 'on' ? 'paused' : before));
      const mark = scroller.current?.querySelector('mark.jp-mod-current');
      mark?.scrollIntoView({ block: 'center', inline: 'nearest' });
    }
  }, [toCurrent?.line, toCurrent?.from]);

  return (
    <div className="jp-pipeline-log">
      <div className="jp-pipeline-log-bar" role="toolbar" aria-label={trans.__('Log')}>
        <SearchBox search={search} trans={trans} />
        <span className="jp-pipeline-gap" />
        <Button pressed={wraps} onClick={() => setWraps(!wraps)}>
          {trans.__('Wrap')}
        </Button>
        {!ended && (
          <Button
            pressed={following === 'on'}
            title={trans.__('Keep the end in sight; scrolling up pauses it')}
            onClick={() => setFollowing(following === 'on' ? 'off' : 'on')}
          >
            {following === 'paused' ? trans.__('Follow (paused)') : trans.__('Follow')}
          </Button>
        )}
        <Button
          disabled={isEmpty}
          title={trans.__('Save the lines that are shown here as a text file')}
          onClick={() => save(plainText(log), `${jobId}.log`, 'text/plain')}
        >
          {trans.__('Download')}
        </Button>
      </div>
      <Before followed={followed} trans={trans} />
      <div
        ref={scroller}
        className={`jp-pipeline-log-text ${wraps ? 'jp-mod-wraps' : ''} ${isShort ? 'jp-mod-short' : ''}`}
        role="log"
        aria-live="off"
        aria-label={trans.__('Log of the job')}
        tabIndex={0}
        onScroll={event => setFollowing(scrolled(event.currentTarget, following))}
      >
        <pre>
          {blocks.map(block => (
            <Block
              key={block.first}
              block={block}
              found={foundIn(block, search)}
              current={currentIn(block, search)}
            />
          ))}
        </pre>
        {isEmpty && (
          <p className="jp-pipeline-dim">
            {ended ? trans.__('The log is empty.') : trans.__('Nothing has been written yet.')}
          </p>
        )}
      </div>
      <Status followed={followed} trans={trans} />
    </div>
  );
}

/** What stands above the log: how much of it is not shown. */
function Before({
  followed,
  trans
}: {
  followed: IFollowed;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { part, before, log } = followed;
  const sentences: string[] = [];
  if (part && before > 0) {
    sentences.push(
      part.earliest > 0
        ? trans.__('The %1 before this may not be seen.', size(before))
        : trans.__('The %1 before this are not shown here.', size(before))
    );
  }
  if (log.dropped > 0) {
    sentences.push(
      trans._n('%1 older line is not kept here.', '%1 older lines are not kept here.', log.dropped)
    );
  }
  return sentences.length ? <p className="jp-pipeline-log-note">{sentences.join(' ')}</p> : null;
}

function Status({
  followed,
  trans
}: {
  followed: IFollowed;
  trans: TranslationBundle;
}): JSX.Element {
  const { part, problem } = followed;
  let text = trans.__('Reading the log…');
  if (problem) {
    text = problem.message;
  } else if (part) {
    text = hasEnded(followed)
      ? trans.__('End of the log, %1.', size(part.size))
      : trans.__('Following, %1 so far.', size(part.size));
  }
  return (
    <p
      className={`jp-pipeline-log-note ${problem ? 'jp-mod-bad' : ''}`}
      role={problem ? 'alert' : undefined}
    >
      {text}
    </p>
  );
}

function hasEnded({ part }: IFollowed): boolean {
  return part !== null && part.ended && part.after >= part.size;
}

// -- lines ---------------------------------------------------------------------------------------

const NOWHERE: readonly IPlace[] = [];

const Block = React.memo(
  function Block(props: {
    block: IBlock;
    found: readonly IPlace[];
    current: IPlace | null;
  }): JSX.Element {
    const { block, found, current } = props;
    return (
      <div className="jp-pipeline-log-block">
        {block.lines.map(line => (
          <Line key={line.number} line={line} found={found} current={current} />
        ))}
      </div>
    );
  },
  (before, after) =>
    before.block === after.block &&
    before.current === after.current &&
    before.found.length === after.found.length &&
    before.found.every((place, index) => same(place, after.found[index]))
);

function Line(props: {
  line: ILine;
  found: readonly IPlace[];
  current: IPlace | null;
}): JSX.Element {
  const { line, current } = props;
  const found = props.found.filter(place => place.line === line.number);
  return (
    <div className="jp-pipeline-log-line">
      {marked(line, found).map(({ text, style, place }, index) => {
        const piece = (
          <span key={index} className={classesOf(style) || undefined}>
            {text}
          </span>
        );
        return place ? (
          <mark key={index} className={same(place, current) ? 'jp-mod-current' : undefined}>
            {piece}
          </mark>
        ) : (
          piece
        );
      })}
      {'\n'}
    </div>
  );
}

// -- search --------------------------------------------------------------------------------------

interface ISearch {
  word: string;
  found: readonly IPlace[];
  index: number;
  current: IPlace | null;
  setWord(word: string): void;
  go(steps: number): void;
}

function useSearch(blocks: readonly IBlock[]): ISearch {
  const [word, setWord] = React.useState('');
  const [current, setCurrent] = React.useState<IPlace | null>(null);
  const found = React.useMemo(() => places(blocks, word), [blocks, word]);
  const index = found.findIndex(place => same(place, current));
  return {
    word,
    found,
    index,
    current: index < 0 ? null : current,
    setWord: sought => {
      setWord(sought);
      const all = places(blocks, sought);
      setCurrent(all[all.length - 1] ?? null);
    },
    go: steps => {
      if (found.length > 0) {
        const from = index < 0 && steps > 0 ? -1 : Math.max(index, 0);
        setCurrent(found[(from + steps + found.length) % found.length]);
      }
    }
  };
}

function SearchBox({ search, trans }: { search: ISearch; trans: TranslationBundle }): JSX.Element {
  const { word, found, index } = search;
  const count = found.length
    ? trans.__('%1 of %2', index < 0 ? '–' : index + 1, found.length)
    : trans.__('not found');
  const keyed = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      search.go(event.shiftKey ? -1 : 1);
    } else if (event.key === 'Escape') {
      search.setWord('');
    }
  };
  return (
    <span className="jp-pipeline-log-search" role="search">
      <input
        type="search"
        className="jp-pipeline-input"
        placeholder={trans.__('Search the log')}
        aria-label={trans.__('Search the log')}
        value={word}
        onChange={event => search.setWord(event.target.value)}
        onKeyDown={keyed}
      />
      <Button
        label={trans.__('Previous place')}
        disabled={!found.length}
        onClick={() => search.go(-1)}
      >
        ↑
      </Button>
      <Button label={trans.__('Next place')} disabled={!found.length} onClick={() => search.go(1)}>
        ↓
      </Button>
      <span className="jp-pipeline-dim" role="status">
        {word ? count : ''}
      </span>
    </span>
  );
}

function foundIn(block: IBlock, search: ISearch): readonly IPlace[] {
  if (!search.found.length) {
    return NOWHERE;
  }
  const last = block.lines[block.lines.length - 1].number;
  return search.found.filter(place => place.line >= block.first && place.line <= last);
}

function currentIn(block: IBlock, { current }: ISearch): IPlace | null {
  const last = block.lines[block.lines.length - 1].number;
  return current && current.line >= block.first && current.line <= last ? current : null;
}

function same(one: IPlace | null, other: IPlace | null | undefined): boolean {
  return (
    !!one && !!other && one.line === other.line && one.from === other.from && one.to === other.to
  );
}

// -- scrolling -----------------------------------------------------------------------------------

/** Whether an element has a place on the page: not so in a tab of JupyterLab that is hidden. */
function isDrawn(element: React.RefObject<HTMLElement>): boolean {
  return (element.current?.getClientRects().length ?? 0) > 0;
}

/** Scrolls to the end after every change, if it is to be kept in sight, and when the first lines are there. */
function useEndInSight(
  element: React.RefObject<HTMLElement>,
  kept: boolean,
  isEmpty: boolean,
  changes: readonly unknown[]
): void {
  const wasEmpty = React.useRef(true);
  React.useLayoutEffect(() => {
    const node = element.current;
    if (node && (kept || (wasEmpty.current && !isEmpty))) {
      node.scrollTop = node.scrollHeight;
    }
    wasEmpty.current = isEmpty;
  }, [kept, isEmpty, ...changes]);
}

/** Whether the end is still kept in sight after the reader, or we, have scrolled. */
function scrolled(node: HTMLElement, following: Following): Following {
  const isNear = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
  if (following === 'on') {
    return isNear ? 'on' : 'paused';
  }
  return following === 'paused' && isNear ? 'on' : following;
}
