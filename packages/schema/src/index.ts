import './no-eval.ts';

export * from './assert-never.ts';
export * from './cluster-analysis.ts';
export * from './cluster-timeline.ts';
export * from './fault.ts';
export * from './flight-codes.ts';
export * from './ids.ts';
export * from './metric-names.ts';
export * from './mlx-memory.ts';
export * from './node-diagnostics.ts';
export * from './phase.ts';
export * from './problem.ts';
export * from './runner-extras.ts';
export * from './runner-protocol.ts';
export * from './serving.ts';
export * from './status-kind.ts';
export * from './timeline-change.ts';
export * from './timestamp.ts';
