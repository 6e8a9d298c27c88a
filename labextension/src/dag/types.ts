/** The nouns of the drawing. Positions are Python's (jupyter_pipeline/layout.py): pixels at scale 1, y grows downwards. */

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface GraphNode extends Rect {
  name: string;
  layer: number;
}

/** From the needed action to the one that needs it; a cubic path: its first point, then three for each segment. */
export interface GraphEdge {
  source: string;
  target: string;
  points: [number, number][];
}

export interface GraphData {
  width: number;
  height: number;
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export type NodeState =
  | 'none'
  | 'up_to_date'
  | 'stale'
  | 'to_run'
  | 'cannot_run'
  | 'pending'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled';

/** How an action is shown just now; `label` is the state in words, `progress` is between 0 and 1. */
export interface NodeLook {
  state: NodeState;
  label: string;
  detail?: string;
  progress?: number;
  levels: { highly: boolean; moderately: boolean };
  notebook?: boolean;
  runtime?: string;
}

export type Looks = ReadonlyMap<string, NodeLook>;

/** What to look for; all that is given must hold. `withAncestors` shows what the found ones need as well. */
export interface GraphFilter {
  text?: string;
  states?: NodeState[];
  withAncestors?: boolean;
  level?: 'highly' | 'moderately';
}

export interface GraphCallbacks {
  /** The reader changed what is selected; `select` of the view does not call it. */
  select?(names: string[]): void;
  /** Double click or Enter on an action. */
  open?(name: string): void;
  /** The context menu is asked for; of a group, its prefix is given. */
  menu?(name: string, event: MouseEvent): void;
  /** The reader unfolded a group; these prefixes stay collapsed. */
  collapsed?(prefixes: string[]): void;
  /** Live states changed how many actions the filter finds. */
  matches?(count: number): void;
}

/** What stands in the drawing: an action, or the actions below a collapsed prefix (then `name` is the prefix). */
export interface Box extends GraphNode {
  members: readonly string[] | null;
}

export interface Line extends GraphEdge {
  bounds: Rect;
}

/** The drawing after collapsing: boxes, lines, and who needs whom among the boxes. */
export interface Scene {
  width: number;
  height: number;
  boxes: Box[];
  lines: Line[];
  /** By the name of the box. */
  box: ReadonlyMap<string, Box>;
  /** The box in which an action is drawn. */
  boxOf: ReadonlyMap<string, Box>;
  relations: Relations;
}

export interface Relations {
  needs: ReadonlyMap<string, readonly string[]>;
  users: ReadonlyMap<string, readonly string[]>;
}
