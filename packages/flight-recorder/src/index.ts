export type { FlightRecord, FlightWriter, MlxMemoryBytes, NowState, RingIdentity, RingSizes } from './flight-writer.ts';
export { type RingClock, systemClock } from './ring-clock.ts';
export type { RingEntry } from './ring-entry.ts';
export { RingReplacedError } from './ring-file.ts';
export { RingFormatError, type RingHeader } from './ring-header.ts';
export {
  openRingReader,
  type RingCursor,
  type RingRead,
  type RingReader,
  type RingReadOptions,
} from './ring-reader.ts';
export { RingSlot, type SlotFacts } from './ring-slot.ts';
export type { NowCell, RingGauges, RingState, RingStrings } from './ring-state.ts';
export { defaultRingSizes, openRingWriter } from './ring-writer.ts';
export { withPhase } from './with-phase.ts';
