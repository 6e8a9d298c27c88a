/** Completion in project.yaml, through JupyterLab's own completer. */

import { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';
import { actionsOf, placeAt } from './place';
import { IFacts, proposalsAt } from './proposals';

/** What is known of the project that an editor's file belongs to; null where it is no project.yaml. */
export type FactsOf = (context: ICompletionContext) => Promise<Omit<IFacts, 'actions'> | null>;

export class PipelineCompletion implements ICompletionProvider {
  constructor(
    private readonly _isOurs: (context: ICompletionContext) => boolean,
    private readonly _factsOf: FactsOf
  ) {}

  readonly identifier = 'jupyter-pipeline:completion';
  /** Before the words of the file itself. */
  readonly rank = 1000;

  async isApplicable(context: ICompletionContext): Promise<boolean> {
    return this._isOurs(context);
  }

  async fetch(
    request: CompletionHandler.IRequest,
    context: ICompletionContext
  ): Promise<CompletionHandler.ICompletionItemsReply> {
    const place = placeAt(request.text, request.offset);
    const facts = place && (await this._factsOf(context));
    if (!place || !facts) {
      return { start: request.offset, end: request.offset, items: [] };
    }
    const found = await proposalsAt(place, { ...facts, actions: actionsOf(request.text) });
    return {
      start: place.start,
      end: request.offset,
      items: found.map(one => ({
        label: one.label,
        insertText: one.insert ?? one.label,
        type: one.type,
        documentation: one.detail
      }))
    };
  }
}
