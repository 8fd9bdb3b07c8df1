import { openRingReader, type RingState } from '@rankscope/flight-recorder';

/** What a ring's header says now; null while there is no file, or none that can be read. */
export function peekRing(path: string): RingState | null {
  try {
    const reader = openRingReader(path);
    try {
      return reader.state();
    } finally {
      reader.close();
    }
  } catch {
    // The supervisor goes on without; the view of the node says what is wrong with the file.
    return null;
  }
}
