import { z } from 'zod';

// First import of index.ts. zod tries `new Function` when the first object schema is made, and a page's
// Content-Security-Policy reports the attempt as a violation.
z.config({ jitless: true });
