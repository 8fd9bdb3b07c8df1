import type { AppRouter } from '@rankscope/plane/router';
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client';

const url = '/trpc';

/** The plane that served this page, by its types alone: nothing of the plane's code is in the bundle. */
export const plane = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (operation) => operation.type === 'subscription',
      true: httpSubscriptionLink({ url }),
      false: httpBatchLink({ url }),
    }),
  ],
});
