/**
 * What is read of one span, or of one log record, besides its attributes. Used again for the next: numbers and
 * positions only, so that reading a span makes no object.
 */
export class SpanRecord {
  /** Where the ids below lie. */
  ids: DataView = new DataView(new ArrayBuffer(0));
  traceAt = 0;
  traceBytes = 0;
  spanAt = 0;
  spanBytes = 0;
  parentAt = 0;
  parentBytes = 0;
  /** Of the first link. */
  linkTraceAt = 0;
  linkTraceBytes = 0;
  linkSpanAt = 0;
  linkSpanBytes = 0;
  links = 0;
  /** Nanoseconds since the Unix epoch, as two unsigned halves; a log record has no end. */
  startHigh = 0;
  startLow = 0;
  endHigh = 0;
  endLow = 0;
  /** Position in the texts of the batch; 0 none. */
  name = 0;
  statusCode = 0;
  statusMessage = 0;

  clear(): void {
    this.traceBytes = 0;
    this.spanBytes = 0;
    this.parentBytes = 0;
    this.linkTraceBytes = 0;
    this.linkSpanBytes = 0;
    this.links = 0;
    this.startHigh = 0;
    this.startLow = 0;
    this.endHigh = 0;
    this.endLow = 0;
    this.name = 0;
    this.statusCode = 0;
    this.statusMessage = 0;
  }
}

/** `STATUS_CODE_ERROR` */
export const statusError = 2;

export const traceIdBytes = 16;
export const spanIdBytes = 8;

/** Nanoseconds in two halves → whole microseconds. Exact until 2255, where a double is. */
export function microsecondsOf(high: number, low: number): number {
  // 2^32 ns are 4,294,967 µs and 296 ns.
  return high * 4_294_967 + Math.floor((high * 296 + low) / 1000);
}
