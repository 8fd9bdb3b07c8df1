import { openRingReader, type RingReader, type RingState } from '@rankscope/flight-recorder';
import { nowCells } from '@rankscope/schema';

/** What a ring's header says now; null while there is no file, or none that can be read. */
export function peekRing(path: string): RingState | null {
  return peek(path, (reader) => reader.state());
}

/** The phase of the task loop; where its cell is empty (between two phases, or after the last), that of the newest entry. */
export function peekPhase(path: string): string | null {
  return peek(path, (reader) => {
    const cell = reader.state().cells.find((one) => one.cell === nowCells.taskLoop);
    return cell?.phase ?? reader.newest(1).entries.at(-1)?.phase ?? null;
  });
}

function peek<T>(path: string, look: (reader: RingReader) => T): T | null {
  try {
    const reader = openRingReader(path);
    try {
      return look(reader);
    } finally {
      reader.close();
    }
  } catch {
    // The supervisor goes on without; the view of the node says what is wrong with the file.
    return null;
  }
}
