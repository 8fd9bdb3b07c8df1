// A million mutated OTLP messages, ours against another decoder: `node test/soak/otlp-fuzz.ts [SEED [MESSAGES]]`.
import { randomInt } from 'node:crypto';
import { fuzzOtlp } from '../support/otlp/otlp-fuzz.ts';

const seed = Number(process.argv[2] ?? randomInt(2 ** 32));
const messages = Number(process.argv[3] ?? 1_000_000);
const atOnce = 50_000;

console.log(`otlp-fuzz: ${messages} messages from seed ${seed}`);
const total = { messages: 0, malformed: 0, records: 0, rows: 0 };
for (let done = 0; done < messages; done += atOnce) {
  const part = fuzzOtlp({ seed: seed + done, messages: Math.min(atOnce, messages - done) });
  for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += part[key];
  console.log(
    `  ${total.messages} messages, ${total.malformed} malformed, ${total.records} records, ${total.rows} rows`,
  );
}
console.log('no difference');
