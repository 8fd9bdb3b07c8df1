import { describeFlightWriter } from './flight-writer.contract.ts';
import { openRingWriter } from './ring-writer.ts';

describeFlightWriter('the TypeScript writer', openRingWriter);
