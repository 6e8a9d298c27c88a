export { GraphView } from './view';
export { ENGLISH, type GraphTexts } from './texts';
export type {
  GraphCallbacks,
  GraphData,
  GraphEdge,
  GraphFilter,
  GraphNode,
  NodeLook,
  NodeState
} from './types';
