/** Asking whether to run, with the plan in sight. */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { ProjectApi } from '../api';
import { IChoice, PlanForm } from './PlanForm';

export interface IAskOptions {
  /** Whether to run again what these need, to begin with. */
  force?: boolean;
  /** Shows a line of project.yaml; the dialog is closed first. */
  onOpenLine?(line: number): void;
}

/** Ask whether to run actions; null when a person thinks better of it. */
export async function askToRun(
  project: ProjectApi,
  actions: string[],
  trans: TranslationBundle,
  options: IAskOptions = {}
): Promise<IChoice | null> {
  const body = new RunBody(project, actions, trans, {
    ...options,
    onOpenLine: line => {
      dialog.reject();
      options.onOpenLine?.(line);
    }
  });
  const dialog = new Dialog<IChoice>({
    title: titleOf(actions, trans),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Run') })
    ]
  });
  dialog.addClass('jp-pipeline-run-dialog');
  const answer = await dialog.launch();
  return answer.button.accept ? answer.value : null;
}

function titleOf(actions: string[], trans: TranslationBundle): string {
  if (actions.length === 1 && actions[0] === 'run_all') {
    return trans.__('Run all actions');
  }
  return actions.length > 3
    ? trans.__('Run %1 actions', actions.length)
    : trans.__('Run %1', actions.join(', '));
}

class RunBody extends ReactWidget implements Dialog.IBodyWidget<IChoice> {
  constructor(
    private readonly project: ProjectApi,
    private readonly actions: string[],
    private readonly trans: TranslationBundle,
    private readonly options: Required<Pick<IAskOptions, 'onOpenLine'>> & IAskOptions
  ) {
    super();
    this._choice = { force: options.force ?? false, revision: null };
  }

  getValue(): IChoice {
    return this._choice;
  }

  protected render(): JSX.Element {
    return (
      <PlanForm
        project={this.project}
        actions={this.actions}
        force={this.options.force ?? false}
        trans={this.trans}
        onChange={(choice, canRun) => {
          this._choice = choice;
          this._allow(canRun);
        }}
        onOpenLine={this.options.onOpenLine}
      />
    );
  }

  /** What cannot be planned cannot be run. */
  private _allow(canRun: boolean): void {
    const dialog = this.node.closest('.jp-Dialog-content');
    const button = dialog?.querySelector<HTMLButtonElement>('.jp-Dialog-footer .jp-mod-accept');
    if (button) {
      button.disabled = !canRun;
    }
  }

  private _choice: IChoice;
}
