import { logEvents } from '@rankscope/schema';
import { attributeCodes, attributeNames } from './attribute-names.ts';
import { AttributeValues } from './attribute-values.ts';
import type { BatchTexts } from './batch-texts.ts';
import { CommandTexts } from './command-texts.ts';
import { EntryRows, type RowHead } from './entry-rows.ts';
import type { Owners } from './owners.ts';
import { maxPhaseLength } from './phase-texts.ts';
import type { RecordSink } from './proto-resources.ts';
import type { RowBuffer } from './row-buffer.ts';
import { maxIdLength } from './runner-identity.ts';
import { microsecondsOf, SpanRecord, traceIdBytes } from './span-record.ts';
import { maxAttributes } from './span-rows.ts';
import { findTimeFault } from './span-times.ts';
import { emptyTally, type Outcome, Rejections } from './tally.ts';

const prefix = 'rankscope.';

/** What is known of a rank from beside it, and how its supervisor's recorder would have put it. */
const supervisorEvents: Readonly<Record<string, string | undefined>> = {
  [logEvents.phaseStalled]: 'process_stalled',
  [logEvents.rankLost]: 'process_died',
  [logEvents.verdict]: 'verdict',
};

export interface LogRowsOptions {
  readonly buffer: RowBuffer;
  readonly resource: AttributeValues;
  readonly owners: Owners;
}

/** Log records that are events of a rank, as rows: `rankscope.progress` in a phase is an entry `progress` of it. */
export class LogRows implements RecordSink {
  readonly record = new SpanRecord();
  readonly values = new AttributeValues();
  readonly resource: AttributeValues;
  readonly texts: BatchTexts;
  readonly rejections = new Rejections();
  readonly rows: EntryRows;
  tally = emptyTally();
  readonly #owners: Owners;
  readonly #commands: CommandTexts;
  readonly #head: RowHead = { source: 0, phase: 0, taskId: 0, commandId: 0 };
  #nowUs = 0;

  constructor({ buffer, resource, owners }: LogRowsOptions) {
    this.texts = buffer.texts;
    this.resource = resource;
    this.rows = new EntryRows(buffer, this.values);
    this.#owners = owners;
    this.#commands = new CommandTexts(buffer.texts);
  }

  begin(nowUs: number): void {
    this.#nowUs = nowUs;
    this.tally = emptyTally();
    this.rows.leftOut = 0;
    this.rejections.clear();
    this.#commands.clear();
  }

  takeResource(): void {
    this.#owners.takeResource();
  }

  take(place: { path(): string }): void {
    this.tally.records += 1;
    const outcome = this.#logRecord();
    if (typeof outcome === 'string') this.tally[outcome] += 1;
    else {
      this.tally.rejected += 1;
      this.rejections.add(place, outcome.reason);
    }
  }

  #logRecord(): Outcome | { readonly reason: string } {
    const { rows, record, texts } = this;
    const name = texts.at(record.name || rows.text(attributeCodes.eventName));
    if (!name.startsWith(prefix)) return 'notPhases';
    const owner = this.#owners.of(this.values);
    if (owner === null) return 'notRanks';
    if (typeof owner === 'string') return { reason: owner };
    if (owner.isDouble) return 'doubles';
    if (this.values.count > maxAttributes)
      return { reason: `${this.values.count} attributes, ${maxAttributes} are the most` };
    const event = supervisorEvents[name];
    const phase =
      rows.text(attributeCodes.phase) || (event === undefined ? 0 : texts.ofString(owner.lastPhase || 'created'));
    const atUs = microsecondsOf(record.startHigh, record.startLow);
    const fault = this.#fault(phase, name, atUs);
    if (fault !== null) return { reason: fault };

    this.#head.source = event === undefined ? this.#owners.sourceAt(owner) : this.#owners.supervisorAt(owner);
    this.#head.phase = phase;
    this.#head.taskId = rows.text(attributeCodes.taskId);
    this.#head.commandId = this.#command();
    const detail = rows.text(attributeCodes.detail) || rows.text(attributeCodes.errorType) || record.statusMessage;
    const from = rows.count;
    rows.add(this.#head, texts.ofString(event ?? eventOf(name)), atUs, detail);
    rows.addSite(from);
    rows.addMemory(atUs);
    return 'shown';
  }

  /** A log record need not be of a trace. */
  #command(): number {
    const said = this.rows.text(attributeCodes.commandId);
    if (said !== 0 || this.record.traceBytes !== traceIdBytes) return said;
    return this.#commands.ofTrace(this.record.ids, this.record.traceAt);
  }

  #fault(phase: number, name: string, atUs: number): string | null {
    if (phase === 0) return `${attributeNames.phase} is missing: an event stands in a phase`;
    if (this.texts.at(phase).length > maxPhaseLength || name.length > maxIdLength)
      return `${attributeNames.phase} may have ${maxPhaseLength} characters, the event's name ${maxIdLength}`;
    for (const code of [attributeCodes.taskId, attributeCodes.commandId])
      if (this.texts.at(this.rows.text(code)).length > maxIdLength)
        return `the id of a task or command is longer than ${maxIdLength} characters`;
    return findTimeFault('time_unix_nano', atUs, this.#nowUs);
  }
}

/** `rankscope.cache.hit` → `cache_hit`, as recorders name events. */
function eventOf(name: string): string {
  return name.slice(prefix.length).replaceAll('.', '_') || 'event';
}
