import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escaped } from '../components/escaped';
import { IShown, requestPage } from '../components/requestPage';
import { IFileDifferences, IJob, IRequestPage } from '../types';
import { job, trans } from './words';

const EVIL = `<script>alert("1")</script>'&`;
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
    critical_path: { actions: ['describe', 'plot'], seconds: 723 },
    jobs: [job(), job({ action: 'plot', state: 'failed', code: 'nonzero_exit', message: 'No.' })],
    plan: [{ action: 'describe', verdict: 'run', reason: 'It has never run.', waits_for: null }],
    project_yaml: 'version: "4.0"\n# a remark\n',
    ...more
  };
}

function shown(text = 'new'): IShown {
  const sides = (words: string) => ({
    line: 7,
    text: words,
    marks: [[0, 3]] as [number, number][]
  });
  const file: IFileDifferences = {
    path: `${text}.py`,
    change: 'changed',
    kind: 'text',
    added: 12,
    removed: 4,
    reason: '',
    rows: [
      { kind: 'gap', left: null, right: null, count: 3 },
      { kind: 'changed', left: sides('old'), right: sides(text), count: 0 }
    ],
    cells: null
  };
  const cell = { left: 2, right: 3, rows: file.rows!, outputs_changed: true };
  const cells: IFileDifferences = {
    ...file,
    path: `${text}.ipynb`,
    rows: null,
    cells: [{ kind: 'changed', cell_type: 'code', ...cell }]
  };
  return {
    found: {
      request: 'qsvx2ydt4f6km7zs',
      with: 'aaaa',
      number: 4381,
      reason: '',
      files: [
        { path: `${text}.py`, change: 'changed', kind: 'text', added: 12, removed: 4, reason: '' }
      ]
    },
    files: [file, cells]
  };
}

function page(more: Partial<IRequestPage> = {}, compared = shown()): string {
  return requestPage(request(more), compared, '2026-11-22T07:00:00Z', trans);
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
    'Compared with job request 4381.',
    '1 file differs: 12 lines added, 4 removed',
    'new.py',
    '3 lines as before',
    '<mark>old</mark>',
    'Code cell 3, before 2',
    'changed, its outputs differ',
    '0:12:03 (the longest chain',
    'describe → plot',
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
      jobs: [
        job({ id: EVIL, action: EVIL, state: 'failed', code: EVIL as IJob['code'], message: EVIL })
      ],
      plan: [{ action: EVIL, verdict: 'run', reason: EVIL, waits_for: null }]
    },
    shown(EVIL)
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
    critical_path: null,
    status: 'nothing_to_do',
    runtime: 0
  });
  assert.match(made, /there was nothing to do/);
  assert.match(made, /not in a git repository/);
  assert.ok(!/null|NaN|undefined/.test(made));
});

test('a page without a comparison says so', () => {
  const { found } = shown();
  assert.match(page({}, { found: null, files: [] }), /None\./);
  const first = { ...found!, with: null, reason: 'It is the first request.', files: [] };
  assert.match(page({}, { found: first, files: [] }), /It is the first request\./);
});

test('text is escaped for attributes too', () => {
  assert.equal(escaped(`<a b="c" d='e'>&`), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;');
});
