import { TranslationBundle } from '@jupyterlab/translation';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escaped, requestPage } from '../components/requestPage';
import { IComparison, IJob, IRequestPage } from '../types';

const EVIL = `<script>alert("1")</script>'&`;
const trans = {
  __: (text: string, ...values: unknown[]) => filled(text, values),
  _n: (one: string, many: string, count: number, ...values: unknown[]) =>
    filled(count === 1 ? one : many, [count, ...values])
} as unknown as TranslationBundle;

function filled(text: string, values: unknown[]): string {
  return text.replace(/%(\d+)/g, (_, number) => String(values[number - 1]));
}

function job(more: Partial<IJob> = {}): IJob {
  return {
    id: 'r2gtinmoi2yberi5',
    request: 'qsvx2ydt4f6km7zs',
    action: 'describe',
    state: 'succeeded',
    code: 'succeeded',
    message: 'Succeeded.',
    reason: '',
    run_command: '',
    runtime: 'python:v2',
    executor: 'sandbox',
    exit_code: 0,
    created_at: '2026-11-22T05:00:00+00:00',
    updated_at: '2026-11-22T05:00:00+00:00',
    started_at: null,
    completed_at: null,
    elapsed: 12,
    cpu_time: null,
    peak_memory: null,
    cancelled: false,
    revision: 1,
    notebook: null,
    ...more
  };
}

function request(more: Partial<IRequestPage> = {}): IRequestPage {
  return {
    number: 4382,
    id: 'qsvx2ydt4f6km7zs',
    status: 'failed',
    cancelled: false,
    organisation: 'Bennett Institute',
    workspace: 'pincer-measures',
    backend: 'expectations',
    requested_by: 'Louis Fisher',
    requested_actions: ['describe', 'plot'],
    force: false,
    branch: 'main',
    commit: 'cd9f692aabbccdd',
    dirty: true,
    code: null,
    created_at: '2026-11-22T05:00:00+00:00',
    started_at: '2026-11-22T05:00:01+00:00',
    finished_at: '2026-11-22T06:00:01+00:00',
    runtime: 163712,
    wall_clock: 3600,
    jobs: [job(), job({ action: 'plot', state: 'failed', code: 'nonzero_exit', message: 'No.' })],
    plan: [{ action: 'describe', verdict: 'run', reason: 'It has never run.', waits_for: null }],
    project_yaml: 'version: "4.0"\n# a remark\n',
    ...more
  };
}

const comparison: IComparison = {
  kind: 'previous',
  request: 'aaaa',
  number: 4381,
  commit: 'aa9f692ff',
  dirty: false,
  code: null,
  added: ['new.py'],
  changed: [],
  removed: [],
  reason: ''
};

function page(more: Partial<IRequestPage> = {}, comparisons = [comparison]): string {
  return requestPage(request(more), comparisons, '2026-11-22T07:00:00Z', trans);
}

test('the page says everything that the platform’s says', () => {
  const made = page();
  for (const text of [
    'Job request: 4382',
    'Bennett Institute',
    'pincer-measures',
    'qsvx2ydt4f6km7zs',
    'Louis Fisher asked for one or more actions to be run on synthetic data',
    'highly_sensitive',
    'nonzero_exit',
    '2 of 2 complete',
    'Succeeded: 1 (50%)',
    '45:28:32',
    '1:00:00',
    '2026-11-22 05:00:00 UTC',
    'cd9f692',
    'changes that were not committed',
    'Force run dependencies',
    'describe, plot',
    'Job request 4381, commit aa9f692',
    'new.py',
    'It has never run.'
  ]) {
    assert.ok(made.includes(text), text);
  }
  assert.ok(!made.includes('cd9f692a'));
});

test('nothing in it is markup but what we wrote', () => {
  const hostile = page(
    {
      organisation: EVIL,
      workspace: EVIL,
      id: EVIL,
      backend: EVIL,
      requested_by: EVIL,
      requested_actions: [EVIL],
      branch: EVIL,
      commit: EVIL,
      created_at: EVIL,
      project_yaml: `${EVIL}: "${EVIL}" # ${EVIL}`,
      jobs: [job({ id: EVIL, action: EVIL, state: 'failed', code: EVIL, message: EVIL })],
      plan: [{ action: EVIL, verdict: 'run', reason: EVIL, waits_for: null }]
    },
    [
      { ...comparison, commit: EVIL, added: [EVIL] },
      { ...comparison, added: null, reason: EVIL }
    ]
  );
  assert.ok(!/<script/i.test(hostile));
  assert.ok(!hostile.includes(`"1"`));
});

test('the page forbids itself to load or run anything', () => {
  const made = page();
  assert.match(made, /http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;/);
  assert.ok(!/ (src|href|on\w+)=/.test(made));
});

test('a request without jobs, times, organisation or commit has a page too', () => {
  const made = page({
    jobs: [],
    plan: [],
    organisation: null,
    branch: null,
    commit: null,
    started_at: null,
    finished_at: null,
    wall_clock: null,
    status: 'nothing_to_do',
    runtime: 0
  });
  assert.match(made, /there was nothing to do/);
  assert.match(made, /not in a git repository/);
  assert.ok(!/null|NaN|undefined/.test(made));
});

test('text is escaped for attributes too', () => {
  assert.equal(escaped(`<a b="c" d='e'>&`), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
});
