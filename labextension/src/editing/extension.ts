/** Marks, hover texts and their looks for project.yaml in the file editor. */

import { Diagnostic, forceLinting, linter, lintGutter } from '@codemirror/lint';
import { Extension } from '@codemirror/state';
import { EditorView, hoverTooltip, Tooltip } from '@codemirror/view';
import { IProjectProblem, ISchema } from '../types';
import { marksOf } from './marks';
import { keyAt } from './place';
import { schemaAt } from './proposals';

/** Milliseconds without a key pressed until a text is checked. */
const DELAY = 400;

export interface IHelp {
  /** The problems of a text; empty where it is not to be checked. */
  check(text: string): Promise<IProjectProblem[]>;
  schema(): Promise<ISchema | null>;
}

/** What an editor gets that shows a project.yaml. */
export function editingHelp(help: IHelp): Extension {
  const check = async (view: EditorView): Promise<Diagnostic[]> => {
    const text = view.state.doc.toString();
    return marksOf(text, await help.check(text));
  };
  return [linter(check, { delay: DELAY }), lintGutter(), hoverTooltip(hover(help)), LOOKS];
}

/** Check anew, also a text that has not changed. */
export function checkAgain(view: EditorView): void {
  forceLinting(view);
}

function hover(help: IHelp) {
  return async (view: EditorView, position: number): Promise<Tooltip | null> => {
    const key = keyAt(view.state.doc.toString(), position);
    const schema = key && (await help.schema());
    const found = key && schema && schemaAt(schema, key.path);
    if (!key || !found || !found.description) {
      return null;
    }
    const [example] = found.examples ?? [];
    return {
      pos: key.from,
      end: key.to,
      above: true,
      create: () => ({ dom: drawn(found.description ?? '', example) })
    };
  };
}

function drawn(description: string, example: unknown): HTMLElement {
  const dom = document.createElement('div');
  dom.className = 'jp-pipeline-hover';
  const text = document.createElement('div');
  text.textContent = description;
  dom.append(text);
  if (typeof example === 'string' || typeof example === 'number') {
    const code = document.createElement('code');
    code.textContent = String(example);
    dom.append(code);
  }
  return dom;
}

const LOOKS = EditorView.baseTheme({
  '.cm-tooltip.cm-tooltip-hover, .cm-tooltip.cm-tooltip-lint': {
    background: 'var(--jp-layout-color1)',
    color: 'var(--jp-ui-font-color1)',
    border: 'var(--jp-border-width) solid var(--jp-border-color1)',
    boxShadow: 'var(--jp-elevation-z4)',
    fontFamily: 'var(--jp-ui-font-family)',
    fontSize: 'var(--jp-ui-font-size1)',
    maxWidth: '40em'
  },
  '.jp-pipeline-hover': { padding: '6px 10px', maxWidth: '36em' },
  '.jp-pipeline-hover code': {
    display: 'block',
    marginTop: '4px',
    color: 'var(--jp-ui-font-color2)',
    fontFamily: 'var(--jp-code-font-family)',
    whiteSpace: 'pre-wrap'
  },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--jp-error-color1)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--jp-warn-color1)' },
  '.cm-diagnostic-hint': { borderLeftColor: 'var(--jp-info-color1)' }
});
