import type { AppRouter } from '@rankscope/plane/router';
import { createTRPCClient, httpSubscriptionLink } from '@trpc/client';

/** The plane that served this page, by its types alone: nothing of the plane's code is in the bundle. */
export const plane = createTRPCClient<AppRouter>({ links: [httpSubscriptionLink({ url: '/trpc' })] });
