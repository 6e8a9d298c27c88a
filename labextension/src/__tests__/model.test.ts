import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceManager } from '@jupyterlab/services';
import type { Api } from '../api';
import { PipelineModel } from '../model';
import type { IProjectName } from '../types';

/** A server whose answers about paths are given when the test says so. */
class Answers {
  private readonly _given = new Map<string, (found: IProjectName[]) => void>();
  readonly opened: string[] = [];

  readonly api = {
    projects: (path?: string) =>
      path === undefined
        ? Promise.resolve([])
        : new Promise<IProjectName[]>(resolve => this._given.set(path, resolve)),
    project: (id: string) => {
      this.opened.push(id);
      return { id, backend: 'expectations', problems: () => new Promise(() => undefined) };
    }
  } as unknown as Api;

  /** Answer that a path belongs to the project of the same name. */
  async answer(path: string): Promise<void> {
    this._given.get(path)!([{ id: path } as IProjectName]);
    await new Promise(resolve => setImmediate(resolve));
  }
}

function modelOf(answers: Answers): PipelineModel {
  const services = { events: { stream: { connect: () => true, disconnect: () => true } } };
  return new PipelineModel(answers.api, services as unknown as ServiceManager.IManager);
}

test('the folder that was opened last is shown, also where an earlier answer comes later', async () => {
  const answers = new Answers();
  const model = modelOf(answers);
  void model.follow('first');
  void model.follow('second');
  await answers.answer('second');
  await answers.answer('first');
  assert.deepEqual(answers.opened, ['second']);
  model.dispose();
});

test('an answer that comes after a person has chosen a project changes nothing', async () => {
  const answers = new Answers();
  const model = modelOf(answers);
  void model.follow('first');
  void model.open('chosen', 'expectations', true);
  await answers.answer('first');
  assert.deepEqual(answers.opened, ['chosen']);
  model.dispose();
});
