/** The documents of the main area: the graph, a job, a request, an output; and the commands that open them. */

import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { SplitPanel, Widget } from '@lumino/widgets';
import * as React from 'react';
import { ProjectApi } from '../api';
import { ComparisonFrame } from '../components/ComparisonFrame';
import { JobView } from '../components/JobView';
import { OutputFrame } from '../components/OutputFrame';
import { ReportFrame } from '../components/ReportFrame';
import { RequestView } from '../components/RequestView';
import { pipelineIcon } from '../icons';
import { PipelineModel } from '../model';
import { Commands, IPipelineModel, NAME } from '../tokens';
import { ComponentWidget, GraphWidget } from '../widgets';

export const documentsPlugin: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:documents`,
  description: 'The graph, jobs, requests and outputs in the main area.',
  autoStart: true,
  requires: [IPipelineModel],
  optional: [ITranslator, ICommandPalette, ILauncher, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    model: PipelineModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    shell: ILabShell | null
  ): void => {
    if (model.missing) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(NAME);
    const documents = new Documents(app, model, trans, shell !== null);
    const { commands } = app;
    commands.addCommand(Commands.openGraph, {
      label: trans.__('Open the Graph of the Pipeline'),
      icon: pipelineIcon,
      isEnabled: () => model.project !== null,
      execute: () => documents.graph()
    });
    commands.addCommand(Commands.openJob, {
      label: trans.__('Open a Job'),
      execute: args => documents.job(String(args.job))
    });
    commands.addCommand(Commands.openRequest, {
      label: trans.__('Open a Job Request'),
      execute: args =>
        documents.request(String(args.request), args.compareWith as string | undefined)
    });
    commands.addCommand(Commands.openOutput, {
      label: trans.__('Open an Output'),
      execute: args => documents.output(String(args.output))
    });
    commands.addCommand(Commands.openComparison, {
      label: trans.__('Compare Two Outputs'),
      execute: args =>
        documents.comparison(String(args.left), String(args.right), args.path as string | undefined)
    });
    commands.addCommand(Commands.openReport, {
      label: trans.__('Open the Report of a Job'),
      execute: args => documents.report(String(args.job), String(args.action ?? ''))
    });
    palette?.addItem({ command: Commands.openGraph, category: trans.__('Pipeline') });
    launcher?.add({ command: Commands.openGraph, category: trans.__('Other') });
  }
};

/** Opens documents, each once. */
class Documents {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly model: PipelineModel,
    private readonly trans: TranslationBundle,
    private readonly isLab: boolean
  ) {}

  graph(): void {
    this.show('graph', this.model.picture.project?.workspace ?? this.trans.__('Pipeline'), () => {
      const callbacks = {
        openAction: (name: string) => this.action(name),
        run: (actions: string[]) => void this.app.commands.execute(Commands.run, { actions })
      };
      return new GraphWidget(this.model, this.trans, callbacks);
    });
  }

  /** A job, under the name of its action where that is known. */
  job(job: string, action?: string): void {
    const known = this.model.picture.status?.actions.find(one => one.job?.id === job);
    const title = action ?? known?.action ?? this.trans.__('Job %1', job.slice(0, 6));
    this.draw(`job-${job}`, title, project => (
      <JobView
        project={project}
        jobId={job}
        bells={this.model.rung}
        trans={this.trans}
        onOpenAction={name => this.action(name)}
        onOpenRequest={request => this.request(request)}
        onOpenOutput={output => void this.output(output.id)}
        onOpenReport={action => this.report(job, action)}
        onCancel={() => project.cancelJob(job).then(() => this.model.refresh())}
      />
    ));
  }

  /** A request, beside an earlier one if that is given. */
  request(request: string, compareWith?: string): void {
    const name = (id: string) =>
      this.model.picture.requests.find(one => one.id === id)?.number ?? id.slice(0, 6);
    const title = compareWith
      ? this.trans.__('Requests %1 and %2', name(compareWith), name(request))
      : this.trans.__('Request %1', name(request));
    this.draw(`request-${request}${compareWith ? `-${compareWith}` : ''}`, title, project => (
      <RequestView
        project={project}
        requestId={request}
        compareWith={compareWith}
        bells={this.model.rung}
        trans={this.trans}
        onOpenJob={(job, action) => this.job(job, action)}
        onOpenRequest={other => this.request(other)}
        onOpenOutput={output => void this.output(output.id)}
        onOpenComparison={(left, right, path) => this.comparison(left, right, path)}
        onRunAgain={({ requested_actions: actions, force }) =>
          void this.app.commands.execute(Commands.run, { actions, force })
        }
        onCancel={() => project.cancelRequest(request).then(() => this.model.refresh())}
      />
    ));
  }

  async output(id: string): Promise<void> {
    const known = this.model.picture.outputs.find(one => one.id === id);
    const output = known ?? (await this.model.project?.output(id));
    if (output) {
      const name = output.path.split('/').pop() ?? output.path;
      this.draw(`output-${id}`, name, project => (
        <OutputFrame project={project} output={output} trans={this.trans} />
      ));
    }
  }

  /** One output beside an earlier one. */
  comparison(left: string, right: string, path?: string): void {
    const name = path?.split('/').pop();
    const title = name ? this.trans.__('%1, compared', name) : this.trans.__('Comparison');
    this.draw(`comparison-${left}-${right}`, title, project => (
      <ComparisonFrame project={project} left={left} right={right} trans={this.trans} />
    ));
  }

  /** What the notebook of a job has become. */
  report(job: string, action: string): void {
    const title = action ? this.trans.__('Report of %1', action) : this.trans.__('Report');
    this.draw(`report-${job}`, title, project => (
      <ReportFrame project={project} jobId={job} title={title} trans={this.trans} />
    ));
  }

  /** The newest job of an action, where it has one. */
  action(name: string): void {
    const status = this.model.picture.status?.actions.find(one => one.action === name);
    if (status?.job) {
      this.job(status.job.id, name);
    }
  }

  private draw(id: string, title: string, draw: (project: ProjectApi) => JSX.Element): void {
    const { project } = this.model;
    if (project) {
      this.show(
        `${project.id}-${project.backend}-${id}`,
        title,
        () => new ComponentWidget(() => draw(project))
      );
    }
  }

  private show(id: string, title: string, make: () => Widget): void {
    const known = this._open.get(id);
    if (known && !known.isDisposed) {
      this.app.shell.activateById(known.id);
      return;
    }
    const widget = new MainAreaWidget({ content: make() });
    widget.id = `${NAME}-${id}`;
    widget.title.label = title;
    widget.title.icon = pipelineIcon;
    widget.title.closable = true;
    this._open.set(id, widget);
    if (this.isLab) {
      this.app.shell.add(widget, 'main');
    } else {
      this.app.shell.add(widget, 'down'); // Notebook's main area holds the one document of its page
      giveRoom(widget);
    }
    this.app.shell.activateById(widget.id);
  }

  private readonly _open = new Map<string, Widget>();
}

/** Give the area below the main one its share, where a first document has opened it: it is flat otherwise. */
function giveRoom(widget: Widget): void {
  for (let above = widget.parent; above; above = above.parent) {
    if (above instanceof SplitPanel && above.orientation === 'vertical') {
      const [upper = 0, lower = 0] = above.relativeSizes();
      if (lower < upper / 2) {
        above.setRelativeSizes([2, 3]);
      }
      return;
    }
  }
}
