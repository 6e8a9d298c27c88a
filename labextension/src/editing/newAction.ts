/** A notebook as an action: what is proposed, and what the form makes of it. */

import { INewAction, IPipeline, Level } from '../types';

export interface IOutputRow {
  level: Level;
  name: string;
  path: string;
}

export interface IForm {
  name: string;
  run: string;
  needs: string[];
  outputs: IOutputRow[];
}

/** What a notebook's action could be: its report is made, by the runtime that the other notebooks have. */
export function proposed(notebook: string, pipeline: IPipeline | null): IForm {
  const base = notebook.slice(notebook.lastIndexOf('/') + 1).replace(/\.ipynb$/, '');
  const plain = base.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[-_]+|[-_]+$/g, '') || 'notebook';
  const taken = new Set(pipeline?.actions.map(one => one.name));
  let name = plain;
  for (let number = 2; taken.has(name); number++) {
    name = `${plain}_${number}`;
  }
  const runtime = pipeline?.actions.find(one => one.notebook)?.runtime ?? 'jupyter:latest';
  const paths = pipeline?.actions.flatMap(one => one.outputs.map(output => output.pattern)) ?? [];
  const isTaken = paths.includes(`output/${base}.html`);
  const report = isTaken ? name : base;
  const file = /\s/.test(notebook) ? `'${notebook}'` : notebook;
  return {
    name,
    run: `${runtime} jupyter nbconvert --execute --to html --output-dir=output ${isTaken ? `--output=${name} ` : ''}${file}`,
    needs: [],
    outputs: [{ level: 'moderately_sensitive', name: 'report', path: `output/${report}.html` }]
  };
}

/** The same command in another runtime. */
export function withRuntime(run: string, runtime: string): string {
  return /^\s*\S+/.test(run) ? run.replace(/^\s*\S+/, runtime) : `${runtime} `;
}

/** The runtime that a command names. */
export function runtimeOf(run: string): string {
  return /^\s*(\S*)/.exec(run)?.[1] ?? '';
}

/** What is asked of the server; outputs without a path are left out. */
export function actionOf(form: IForm): INewAction {
  const outputs: INewAction['outputs'] = {};
  for (const { level, name, path } of form.outputs) {
    if (path.trim()) {
      outputs[level] = { ...outputs[level], [name.trim() || 'output']: path.trim() };
    }
  }
  return { name: form.name.trim(), run: form.run.trim(), needs: form.needs, outputs };
}
