/**
 * Writes the module of the notebook widgets: ../jupyter_pipeline/widgets/static/widget.js, and widget.css beside it.
 *
 * It is one file that needs nothing else, because a kernel sends it as text. Every widget of a saved notebook may carry
 * it, so it has to stay small.
 */

import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rspack } from '@rspack/core';

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, '../jupyter_pipeline/widgets/static');
const MOST = 30 * 1000;

const compiler = rspack({
  mode: 'production',
  context: HERE,
  target: ['web', 'es2022'],
  devtool: false,
  performance: false,
  entry: { widget: './src/widget/index.ts' },
  output: {
    path: TARGET,
    filename: '[name].js',
    cssFilename: '[name].css',
    module: true,
    clean: true,
    library: { type: 'module' }
  },
  resolve: { extensions: ['.ts'] },
  module: {
    rules: [
      {
        test: /\.ts$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }
      },
      { test: /\.css$/, type: 'css' }
    ]
  }
});

const stats = await new Promise((done, failed) =>
  compiler.run((error, result) => (error ? failed(error) : done(result)))
);
await new Promise(done => compiler.close(done));
if (stats.hasErrors()) {
  throw new Error(stats.toString('errors-only'));
}
const { size } = statSync(join(TARGET, 'widget.js'));
console.log(`widget.js has ${size} bytes`);
if (size >= MOST) {
  throw new Error(`It must have less than ${MOST} bytes, because notebooks carry it with them.`);
}
