import { serviceNames, spanStates } from '@rankscope/schema';
import { attributeCodes, attributeNames } from './attribute-names.ts';
import { AttributeValues } from './attribute-values.ts';
import type { BatchTexts } from './batch-texts.ts';
import { CommandTexts } from './command-texts.ts';
import { EntryRows, type RowHead } from './entry-rows.ts';
import type { Owners } from './owners.ts';
import { maxPhaseLength, PhaseTexts } from './phase-texts.ts';
import type { RecordSink } from './proto-resources.ts';
import type { RowBuffer } from './row-buffer.ts';
import type { BookedRunner } from './runner-book.ts';
import { maxIdLength } from './runner-identity.ts';
import { type SeenSpans, spanState } from './seen-spans.ts';
import { microsecondsOf, SpanRecord, spanIdBytes, statusError, traceIdBytes } from './span-record.ts';
import { findTimeFault, timeText } from './span-times.ts';
import { emptyTally, type Outcome, Rejections } from './tally.ts';

/** Attributes of one span that are looked at. Ten thousand are odd, a million are a mistake. */
export const maxAttributes = 32_768;

/** What Logfire says of a span that stands for a real one that is still open: its parent. */
const pendingSpan = 'pending_span';

export interface RowsOptions {
  readonly buffer: RowBuffer;
  readonly resource: AttributeValues;
  readonly owners: Owners;
  readonly seen: SeenSpans;
}

/** The supervisor's entry for a phase that goes on and on. */
export const stillOpenEvent = 'phase_open';

type Place = { path(): string };

/**
 * Spans as rows: one where the phase was entered, one where it was left. A span that is still open gives the first only,
 * and its end later the second only, however often either is sent.
 */
export class SpanRows implements RecordSink {
  readonly record = new SpanRecord();
  readonly values = new AttributeValues();
  readonly resource: AttributeValues;
  readonly texts: BatchTexts;
  readonly rejections = new Rejections();
  readonly rows: EntryRows;
  tally = emptyTally();
  readonly #owners: Owners;
  readonly #seen: SeenSpans;
  readonly #commands: CommandTexts;
  readonly #phases: PhaseTexts;
  readonly #head: RowHead = { source: 0, phase: 0, taskId: 0, commandId: 0 };
  readonly #event = { enter: 0, exit: 0, error: 0, died: 0, stillOpen: 0 };
  #nowUs = 0;
  /** Our own ranks say which command a span belongs to; of others the trace is the command. */
  #isOurs = false;

  constructor({ buffer, resource, owners, seen }: RowsOptions) {
    this.texts = buffer.texts;
    this.resource = resource;
    this.rows = new EntryRows(buffer, this.values);
    this.#owners = owners;
    this.#seen = seen;
    this.#commands = new CommandTexts(buffer.texts);
    this.#phases = new PhaseTexts(buffer.texts);
  }

  begin(nowUs: number): void {
    this.#nowUs = nowUs;
    this.tally = emptyTally();
    this.rows.leftOut = 0;
    this.rejections.clear();
    this.#commands.clear();
    this.#phases.clear();
    this.#event.enter = this.texts.ofString('enter');
    this.#event.exit = this.texts.ofString('exit');
    this.#event.error = this.texts.ofString('error');
    this.#event.died = this.texts.ofString('process_died');
    this.#event.stillOpen = this.texts.ofString(stillOpenEvent);
  }

  takeResource(): void {
    this.#owners.takeResource();
    const name = this.resource.text(attributeCodes.serviceName);
    this.#isOurs = this.texts.at(name) === serviceNames.runner;
  }

  take(place: Place): void {
    this.tally.records += 1;
    this.tally[this.#span(place)] += 1;
  }

  #span(place: Place): Outcome {
    const { values, record } = this;
    const owner = this.#owners.of(values);
    if (owner === null) return 'notRanks';
    if (typeof owner === 'string') return this.#reject(place, owner);
    if (owner.isDouble) return 'doubles';
    if (values.count > maxAttributes)
      return this.#reject(place, `${values.count} attributes, ${maxAttributes} are the most`);
    const source = this.#owners.sourceAt(owner);
    const state = this.texts.at(this.rows.text(attributeCodes.state));
    if (state === spanStates.anchor) return 'notPhases';
    const phase = this.rows.text(attributeCodes.phase) || this.#phases.ofName(record.name);
    if (phase === 0) return 'notPhases';

    const isPending = this.texts.at(this.rows.text(attributeCodes.logfireSpanType)) === pendingSpan;
    const noEnd = record.endHigh === 0 && record.endLow === 0;
    const isMarker = state === spanStates.inProgress && !noEnd && record.linkSpanBytes === spanIdBytes;
    const isOpen = noEnd || isPending || (state === spanStates.inProgress && !isMarker);
    const startUs = microsecondsOf(record.startHigh, record.startLow);
    const endUs = isOpen ? null : microsecondsOf(record.endHigh, record.endLow);
    const fault = this.#fault(phase, startUs, endUs);
    if (fault !== null) return this.#reject(place, fault);

    this.#head.source = source;
    this.#head.phase = phase;
    this.#head.taskId = this.rows.text(attributeCodes.taskId);
    this.#head.commandId = this.#command(phase);
    owner.lastPhase = this.texts.at(phase);
    if (isMarker) return this.#takeMarker(owner, startUs, endUs ?? startUs);
    const at = isPending && record.parentBytes === spanIdBytes ? record.parentAt : record.spanAt;
    const known = this.#see(owner, at, isOpen ? spanState.open : spanState.ended);
    if (isOpen ? known !== spanState.unseen : known === spanState.ended) return 'repeated';
    this.#write(startUs, endUs, known === spanState.unseen);
    if (state === spanStates.lost && record.statusCode === statusError) this.#writeDeath(owner, endUs ?? startUs);
    return 'shown';
  }

  /** One where the phase was entered, one where it was left; the one between where it failed. */
  #write(startUs: number, endUs: number | null, enters: boolean): void {
    const { rows, record } = this;
    const detail = rows.text(attributeCodes.detail);
    const from = rows.count;
    if (enters) rows.add(this.#head, this.#event.enter, startUs, detail);
    if (endUs !== null) {
      if (record.statusCode === statusError) {
        const why = record.statusMessage || rows.text(attributeCodes.errorType) || detail;
        rows.add(this.#head, this.#event.error, endUs, why);
      }
      // A rank that was lost in a phase has not left it. Another that failed in one goes on, and is somewhere else.
      const isLost = this.texts.at(rows.text(attributeCodes.state)) === spanStates.lost;
      if (!isLost) rows.add(this.#head, this.#event.exit, endUs, detail);
    }
    if (rows.count === from) return;
    rows.addSite(from);
    rows.addMemory(endUs ?? startUs);
  }

  /**
   * A marker is what somebody beside the rank says: the phase of the span that it links to was still open when the
   * marker ends, and the rank then was inside of this collective. The rank itself did nothing.
   */
  #takeMarker(owner: BookedRunner, startUs: number, endUs: number): Outcome {
    const { record, rows } = this;
    if (this.#see(owner, record.spanAt, spanState.ended) !== spanState.unseen) return 'repeated';
    const known = this.#see(owner, record.linkSpanAt, spanState.open);
    if (known === spanState.ended) return 'repeated';
    if (known === spanState.unseen) rows.add(this.#head, this.#event.enter, startUs, 0);
    const from = rows.count;
    this.#head.source = this.#owners.supervisorAt(owner);
    rows.add(this.#head, this.#event.stillOpen, endUs, rows.text(attributeCodes.detail));
    rows.addSite(from);
    rows.addMemory(endUs);
    return 'shown';
  }

  /** Nobody lived to record the end: what stands there is what its supervisor knows. */
  #writeDeath(owner: BookedRunner, endUs: number): void {
    this.#head.source = this.#owners.supervisorAt(owner);
    const why = this.rows.text(attributeCodes.errorType) || this.record.statusMessage;
    this.rows.add(this.#head, this.#event.died, endUs, why);
  }

  #command(phase: number): number {
    const said = this.rows.text(attributeCodes.commandId);
    if (said !== 0 || this.#isOurs || this.#phases.isLifecycle(phase)) return said;
    return this.#commands.ofTrace(this.record.ids, this.record.traceAt);
  }

  /** `at` is where the id lies of the span that is spoken of; its trace is that of the record. */
  #see(owner: BookedRunner, at: number, state: number): number {
    const { ids, traceAt } = this.record;
    const trace =
      ids.getUint32(traceAt) ^
      Math.imul(ids.getUint32(traceAt + 4), 0x85_eb_ca_6b) ^
      Math.imul(ids.getUint32(traceAt + 8), 0xc2_b2_ae_35) ^
      Math.imul(ids.getUint32(traceAt + 12), 0x27_d4_eb_2f);
    return this.#seen.see(owner.no, trace, ids.getUint32(at), ids.getUint32(at + 4), state);
  }

  #fault(phase: number, startUs: number, endUs: number | null): string | null {
    const { record } = this;
    const { traceBytes, spanBytes, ids } = record;
    if (traceBytes !== traceIdBytes) return `trace_id has ${traceBytes} bytes, it must have ${traceIdBytes}`;
    if (spanBytes !== spanIdBytes) return `span_id has ${spanBytes} bytes, it must have ${spanIdBytes}`;
    if (isZero(ids, record.traceAt, traceIdBytes)) return 'trace_id is all zeros';
    if (isZero(ids, record.spanAt, spanIdBytes)) return 'span_id is all zeros';
    if (this.#phases.isTooLong(phase)) return `${attributeNames.phase} is longer than ${maxPhaseLength} characters`;
    for (const code of [attributeCodes.taskId, attributeCodes.commandId])
      if (this.texts.at(this.rows.text(code)).length > maxIdLength)
        return `the id of a task or command is longer than ${maxIdLength} characters`;
    if (record.startHigh === 0 && record.startLow === 0) return 'start_time_unix_nano is 0';
    const startFault = findTimeFault('start_time_unix_nano', startUs, this.#nowUs);
    if (startFault !== null || endUs === null) return startFault;
    const { startHigh, startLow, endHigh, endLow } = record;
    if (endHigh < startHigh || (endHigh === startHigh && endLow < startLow))
      return `end_time_unix_nano is ${timeText(endUs)}, before the start at ${timeText(startUs)}`;
    return findTimeFault('end_time_unix_nano', endUs, this.#nowUs);
  }

  #reject(place: Place, reason: string): 'rejected' {
    this.rejections.add(place, reason);
    return 'rejected';
  }
}

function isZero(ids: DataView, at: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i += 4) if (ids.getUint32(at + i) !== 0) return false;
  return true;
}
