import assert from 'node:assert/strict';
import { test } from 'node:test';
import { marksOf } from '../editing/marks';
import { actionOf, proposed as asAction, runtimeOf, withRuntime } from '../editing/newAction';
import { actionsOf, keyAt, placeAt } from '../editing/place';
import { IFacts, proposalsAt, schemaAt } from '../editing/proposals';
import { actionsNaming } from '../finder';
import { IPipeline, IProjectProblem, ISchema } from '../types';

const FILE = `# A study
version: "5.0"

actions:
  make:
    run: python:v2 python analysis/make.py
    outputs:
      highly_sensitive:
        cohort: output/cohort.csv

  plot:
    needs: [make]
    run: >
      python:v2
      python
`;

const SCHEMA: ISchema = {
  properties: {
    version: { description: 'Which rules hold.', examples: ['5.0', '4.0'] },
    actions: { additionalProperties: { $ref: '#/definitions/action' } }
  },
  definitions: {
    action: {
      description: 'One step.',
      properties: {
        run: { description: 'What runs.' },
        needs: { description: 'What it uses.' },
        outputs: { properties: { highly_sensitive: { description: 'Never seen.' } } }
      }
    }
  }
};

const FACTS: IFacts = {
  schema: SCHEMA,
  actions: ['make', 'plot'],
  runtimes: ['python:v2', 'r:v2'],
  list: async folder => (folder === 'analysis/' ? ['make.py', 'plot.py'] : ['analysis/'])
};

/** The labels proposed where | stands in a text. */
async function proposed(text: string): Promise<string[]> {
  const offset = text.indexOf('|');
  const place = placeAt(text.replace('|', ''), offset);
  return place ? (await proposalsAt(place, FACTS)).map(one => one.label) : [];
}

test('a place is found by its indentation', () => {
  const at = (before: string) => placeAt(FILE, FILE.indexOf(before) + before.length);
  assert.deepEqual(at('    ru')?.path, ['actions', 'make']);
  assert.equal(at('    ru')?.kind, 'key');
  assert.deepEqual(at('run: pyth')?.path, ['actions', 'make', 'run']);
  assert.equal(at('run: pyth')?.word, 'pyth');
  assert.equal(at('python:v2 python ana')?.before, 'python:v2 python');
  assert.deepEqual(at('cohort: output/co')?.path, [
    'actions',
    'make',
    'outputs',
    'highly_sensitive',
    'cohort'
  ]);
  assert.equal(at('# A st'), null);
});

test('the lines of a folded text belong to its key', () => {
  const place = placeAt(FILE, FILE.length - 1);
  assert.deepEqual(place?.path, ['actions', 'plot', 'run']);
  assert.equal(place?.before, 'python:v2');
});

test('a key is found for what hovers over it', () => {
  const from = FILE.indexOf('outputs');
  assert.deepEqual(keyAt(FILE, from + 3), {
    path: ['actions', 'make', 'outputs'],
    from,
    to: from + 'outputs'.length
  });
  assert.equal(keyAt(FILE, FILE.indexOf('cohort.csv')), null);
  assert.equal(
    schemaAt(SCHEMA, ['actions', 'make', 'outputs', 'highly_sensitive'])?.description,
    'Never seen.'
  );
  assert.equal(schemaAt(SCHEMA, ['nothing', 'of', 'this']), null);
});

test('the names of actions are read from the text', () => {
  assert.deepEqual(actionsOf(FILE), ['make', 'plot']);
  assert.deepEqual(actionsOf('actions:\n- a\n'), []);
});

test('keys of the schema are proposed where keys stand', async () => {
  assert.deepEqual(await proposed('ver|'), ['version']);
  assert.deepEqual(await proposed('actions:\n  make:\n    |'), ['run', 'needs', 'outputs']);
  assert.deepEqual(await proposed('actions:\n  make:\n    outputs:\n      hi|'), [
    'highly_sensitive'
  ]);
  assert.deepEqual(await proposed('actions:\n  |'), []);
});

test('values are proposed by their key', async () => {
  assert.deepEqual(await proposed('version: |'), ['"5.0"', '"4.0"']);
  assert.deepEqual(await proposed('actions:\n  x:\n    run: py|'), ['python:v2']);
  assert.deepEqual(await proposed('actions:\n  x:\n    run: python:v2 python |'), ['analysis/']);
  assert.deepEqual(await proposed('actions:\n  x:\n    run: >\n      r|'), ['r:v2']);
  assert.deepEqual(await proposed('actions:\n  x:\n    run: r:v2 analysis/p|'), [
    'analysis/plot.py'
  ]);
  assert.deepEqual(await proposed('actions:\n  x:\n    needs: [make, |'), ['plot']);
  assert.deepEqual(await proposed('actions:\n  x:\n    needs:\n      - m|'), ['make']);
  assert.deepEqual(await proposed('actions:\n  x:\n    needs:\n    - m|'), ['make']);
  assert.deepEqual(await proposed('actions:\n  make:\n    needs: [|'), ['plot']);
});

function problem(line: number | null, column: number | null): IProjectProblem {
  return {
    file: 'project.yaml',
    line,
    column,
    severity: 'error',
    what: 'It is wrong.',
    remedy: 'Mend it.',
    rule: 'x',
    history: '',
    action: null,
    key: null
  };
}

test('a mark is on the word that a problem is about', () => {
  const marked = (line: number | null, column: number | null, text = FILE) => {
    const [mark] = marksOf(text, [problem(line, column)]);
    return text.slice(mark.from, mark.to);
  };
  assert.equal(marked(6, 5), 'run');
  assert.equal(marked(2, 10), '"5.0"');
  assert.equal(marked(12, 13), 'make');
  assert.equal(marked(6, 999), 'run: python:v2 python analysis/make.py');
  assert.equal(marked(999, 1), '');
  assert.equal(marked(null, null), '#');
  assert.equal(marked(1, 3, '😀 x: 1'), 'x');
  assert.equal(marksOf(FILE, [problem(6, 5)])[0].message, 'It is wrong. Mend it.');
});

const PIPELINE = {
  actions: [
    {
      name: 'report',
      run: 'jupyter:latest jupyter nbconvert /workspace/analysis/report.ipynb --execute',
      runtime: 'jupyter:latest',
      notebook: true,
      outputs: [{ level: 'moderately_sensitive', name: 'report', pattern: 'output/report.html' }]
    },
    { name: 'other', run: "python:v2 'analysis/it.py'", runtime: 'python:v2', outputs: [] }
  ]
} as unknown as IPipeline;

test('a notebook is proposed as an action that nothing else is', () => {
  const form = asAction('analysis/my report (1).ipynb', null);
  assert.equal(form.name, 'my_report_1');
  assert.match(form.run, /'analysis\/my report \(1\)\.ipynb'$/);
  const second = asAction('analysis/report.ipynb', PIPELINE);
  assert.equal(second.name, 'report_2');
  assert.match(second.run, /^jupyter:latest .* --output=report_2 analysis\/report\.ipynb$/);
  assert.equal(second.outputs[0].path, 'output/report_2.html');
});

test('what is sent has the outputs by level, without empty ones', () => {
  const rows = [
    { level: 'highly_sensitive' as const, name: 'a', path: ' output/a ' },
    { level: 'highly_sensitive' as const, name: '', path: 'output/b' },
    { level: 'moderately_sensitive' as const, name: 'c', path: ' ' }
  ];
  assert.deepEqual(actionOf({ name: ' x ', run: ' r ', needs: ['y'], outputs: rows }), {
    name: 'x',
    run: 'r',
    needs: ['y'],
    outputs: { highly_sensitive: { a: 'output/a', output: 'output/b' } }
  });
});

test('the runtime of a command can be exchanged', () => {
  assert.equal(runtimeOf('  python:v2 x'), 'python:v2');
  assert.equal(withRuntime('python:v2 x y', 'r:v2'), 'r:v2 x y');
  assert.equal(withRuntime('', 'r:v2'), 'r:v2 ');
});

test('the actions of a file are those whose command names it', () => {
  assert.deepEqual(actionsNaming(PIPELINE, 'analysis/report.ipynb'), ['report']);
  assert.deepEqual(actionsNaming(PIPELINE, 'analysis/it.py'), ['other']);
  assert.deepEqual(actionsNaming(PIPELINE, 'report.ipynb'), []);
});
