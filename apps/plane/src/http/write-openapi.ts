import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openapi } from './openapi.ts';
import { routes } from './routes.ts';

/** Writes the committed description: `node apps/plane/src/http/write-openapi.ts`. A test says when that is due. */
writeFileSync(resolve(import.meta.dirname, '../../openapi.json'), `${JSON.stringify(openapi(routes), null, 2)}\n`);
