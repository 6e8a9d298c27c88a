/** The parts that all documents are made of: sections, facts, links, and what is shown while there is nothing else. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Problem } from '../api';

export interface ISectionProps {
  title: string;
  /** Stands beside the title. */
  beside?: React.ReactNode;
  children: React.ReactNode;
}

export function Section({ title, beside, children }: ISectionProps): JSX.Element {
  return (
    <section className="jp-pipeline-section" aria-label={title}>
      <div className="jp-pipeline-section-head">
        <h2>{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  );
}

/** `wide` puts the value below its name. */
export type Row = [name: string, value: React.ReactNode, wide?: boolean];

/** Names and values; a row without a value is left out. */
export function Facts({ rows }: { rows: readonly Row[] }): JSX.Element {
  return (
    <dl className="jp-pipeline-facts">
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value, wide]) => (
          <div key={name} className={wide ? 'jp-mod-wide' : undefined}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export interface ILinkProps {
  onClick(): void;
  title?: string;
  children: React.ReactNode;
}

/** A button that looks like a link. */
export function Link({ onClick, title, children }: ILinkProps): JSX.Element {
  return (
    <button type="button" className="jp-pipeline-link" title={title} onClick={onClick}>
      {children}
    </button>
  );
}

export interface IButtonProps {
  onClick(): void;
  disabled?: boolean;
  title?: string;
  /** Given for a button that is on or off. */
  pressed?: boolean;
  /** Given for a button that shows and hides something. */
  expanded?: boolean;
  kind?: 'accept' | 'warn';
  label?: string;
  children: React.ReactNode;
}

export function Button(props: IButtonProps): JSX.Element {
  const kind = props.kind ? `jp-mod-${props.kind}` : '';
  return (
    <button
      type="button"
      className={`jp-pipeline-button ${kind}`}
      disabled={props.disabled}
      title={props.title}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      aria-label={props.label}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

export interface IBannerProps {
  tone: 'bad' | 'warn' | 'dim';
  alert?: boolean;
  children: React.ReactNode;
}

export function Banner({ tone, alert, children }: IBannerProps): JSX.Element {
  return (
    <div className={`jp-pipeline-notice jp-mod-${tone}`} role={alert ? 'alert' : undefined}>
      {children}
    </div>
  );
}

export interface IWaitingProps {
  problem: Problem | null;
  reload(): void;
  trans: TranslationBundle;
}

/** What stands in a document as long as nothing is known: that it is loading, or why it cannot be shown. */
export function Waiting({ problem, reload, trans }: IWaitingProps): JSX.Element {
  if (!problem) {
    return (
      <p className="jp-pipeline-dim" role="status">
        {trans.__('Loading…')}
      </p>
    );
  }
  return <Trouble problem={problem} reload={reload} trans={trans} />;
}

/** What went wrong with something that a person asked for. */
export function Failed(props: {
  problem: Problem | null;
  trans: TranslationBundle;
  onForget?(): void;
}): JSX.Element | null {
  const { problem, onForget, trans } = props;
  return problem ? (
    <Banner tone="bad" alert>
      <p>{problem.detail}</p>
      {problem.remedy && <p>{problem.remedy}</p>}
      {onForget && <Button onClick={onForget}>{trans.__('Close')}</Button>}
    </Banner>
  ) : null;
}

/** A problem with its remedy, and a way to try again. */
export function Trouble({ problem, reload, trans }: IWaitingProps): JSX.Element | null {
  if (!problem) {
    return null;
  }
  return (
    <Banner tone="bad" alert>
      <p>{problem.detail}</p>
      {problem.remedy && <p>{problem.remedy}</p>}
      <Button onClick={reload}>{trans.__('Try again')}</Button>
    </Banner>
  );
}
