export { type Diagnosis, diagnose } from './diagnose.ts';
export type { DiagnosedNode, DiagnosedRunner, DiagnosisInput, ExpectedRank } from './diagnosis-input.ts';
export { explain } from './explain.ts';
export { findKnownFault } from './known-faults.ts';
export { inputOfTimeline } from './timeline-input.ts';
export { type DiagnosisMemory, emptyMemory } from './window.ts';
