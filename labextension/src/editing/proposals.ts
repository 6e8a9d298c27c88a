/** What can be written at a place of project.yaml. Pure: what is known is given. */

import { ISchema } from '../types';
import { IPlace } from './place';

export interface IProposal {
  label: string;
  /** What is written; the label where nothing else is said. */
  insert?: string;
  detail?: string;
  type: 'keyword' | 'variable' | 'value' | 'path';
}

export interface IFacts {
  schema: ISchema;
  actions: string[];
  runtimes: string[];
  /** The entries of a folder of the project, those that are folders with a slash at the end. */
  list(folder: string): Promise<string[]>;
}

/** What can stand at a place, all of it beginning with the word that is being written. */
export async function proposalsAt(place: IPlace, facts: IFacts): Promise<IProposal[]> {
  const found = place.kind === 'key' ? keys(place, facts.schema) : await values(place, facts);
  const word = place.word.toLowerCase();
  return found.filter(one => one.label.toLowerCase().startsWith(word) && one.label !== place.word);
}

/** The part of the schema that holds for what is below some keys, or null where it says nothing. */
export function schemaAt(schema: ISchema, path: string[]): ISchema | null {
  let part: ISchema | undefined = schema;
  for (const key of path) {
    const more = part?.additionalProperties;
    part = resolved(
      schema,
      part?.properties?.[key] ?? (typeof more === 'object' ? more : undefined)
    );
    if (!part) {
      return null;
    }
  }
  return part ?? null;
}

function resolved(root: ISchema, part: ISchema | undefined): ISchema | undefined {
  const target = part?.$ref?.split('/').pop();
  return target ? { ...root.definitions?.[target], ...part } : part;
}

function keys(place: IPlace, schema: ISchema): IProposal[] {
  const part = schemaAt(schema, place.path);
  return Object.entries(part?.properties ?? {}).map(([key, one]) => {
    const below = resolved(schema, one);
    const isMapping = Boolean(below?.properties || below?.additionalProperties);
    return {
      label: key,
      insert: isMapping ? `${key}:` : `${key}: `,
      detail: below?.description,
      type: 'keyword'
    };
  });
}

async function values(place: IPlace, facts: IFacts): Promise<IProposal[]> {
  const [section, action, key] = place.path;
  if (place.path.length === 1 && section === 'version') {
    return (schemaAt(facts.schema, ['version'])?.examples ?? []).map(one => ({
      label: `"${String(one)}"`,
      type: 'value'
    }));
  }
  if (section !== 'actions' || !key) {
    return [];
  }
  if (key === 'needs') {
    const known = new Set(place.before.split(/[\s[\],'"]+/));
    return facts.actions
      .filter(name => name !== action && !known.has(name))
      .map(label => ({ label, type: 'variable' }));
  }
  if (key === 'run' && /^[|>]?[-+]?$/.test(place.before)) {
    return facts.runtimes.map(name => ({ label: name, insert: `${name} `, type: 'value' }));
  }
  return key === 'run' || key === 'dummy_data_file' || key === 'outputs' ? paths(place, facts) : [];
}

/** The files of the folder that the word names so far. */
async function paths(place: IPlace, facts: IFacts): Promise<IProposal[]> {
  const folder = place.word.includes('/')
    ? place.word.slice(0, place.word.lastIndexOf('/') + 1)
    : '';
  const names = await facts.list(folder);
  return names.map(name => ({ label: `${folder}${name}`, type: 'path' }));
}
