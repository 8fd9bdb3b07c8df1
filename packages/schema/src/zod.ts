import { z } from 'zod';

// Before the first schema is made: zod would try `new Function`, and a page's Content-Security-Policy reports the
// attempt as a violation. Every file here takes zod from this one. What needs no zod (facts of phases, times as text)
// stands in files of its own, so that a page which needs only those does not carry it.
z.config({ jitless: true });

export { z };
