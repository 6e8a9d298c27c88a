/** Which project a file belongs to. */

import { Contents } from '@jupyterlab/services';
import { ProjectApi } from './api';
import { PipelineModel } from './model';
import { IPipeline, IProjectName } from './types';

/** A file of a project. */
export interface IPlaced {
  project: ProjectApi;
  name: IProjectName;
  /** The path relative to the project. */
  path: string;
}

export class Finder {
  constructor(
    readonly model: PipelineModel,
    private readonly _contents: Contents.IManager
  ) {
    model.changed.connect((_, picture) => {
      const known = picture.projects.map(one => one.id).join();
      if (known !== this._known) {
        this._known = known;
        this._places.clear(); // a project has come, or is gone
      }
    });
  }

  /** The project that a file belongs to, and its path there; null where there is none, or the server does not answer. */
  async find(path: string): Promise<IPlaced | null> {
    const local = this._contents.localPath(path);
    const folder = local.slice(0, local.lastIndexOf('/') + 1);
    const asked = this._places.get(folder) ?? this.model.api.projects(folder).catch(() => []);
    this._places.set(folder, asked);
    const [name] = await asked;
    if (!name) {
      this._places.delete(folder);
      return null;
    }
    const { project: shown } = this.model;
    const project = shown?.id === name.id ? shown : this.model.api.project(name.id, 'expectations');
    const root = name.path === '.' ? '' : `${name.path}/`;
    return local.startsWith(root) ? { project, name, path: local.slice(root.length) } : null;
  }

  /** The pipeline of a project, as far as it is known; null where its project.yaml has errors. */
  async pipeline(placed: IPlaced): Promise<IPipeline | null> {
    const { picture, project } = this.model;
    if (project === placed.project && picture.pipeline) {
      return picture.pipeline;
    }
    return placed.project.pipeline().catch(() => null);
  }

  /** Where a file of a project is, as the server's folder has it. */
  static pathOf(name: IProjectName, path: string): string {
    return name.path === '.' ? path : `${name.path}/${path}`;
  }

  private _known = '';
  private readonly _places = new Map<string, Promise<IProjectName[]>>();
}

/** The actions that execute a notebook or another file, or name it in their command. */
export function actionsNaming(pipeline: IPipeline, path: string): string[] {
  const wanted = new Set([path, `./${path}`, `/workspace/${path}`]);
  return pipeline.actions
    .filter(action => action.run.split(/[\s'"]+/).some(word => wanted.has(word)))
    .map(action => action.name);
}
