export type { DiagnosedNode, DiagnosedRunner, DiagnosisInput, ExpectedRank } from './diagnosis-input.ts';
