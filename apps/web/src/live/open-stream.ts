import { plane } from '../plane.ts';
import type { OpenStream } from './feed.ts';

/** A browser does not tell why a stream broke; tRPC calls that an unknown error. */
const wordsOf = (message: string | undefined) =>
  message === undefined || message === 'Unknown error' ? 'The connection was lost.' : message;

/** The live subscription as the feed wants it. tRPC reopens a lost stream by itself; `onEnd` is when it gave up. */
export const openPlaneStream: OpenStream = (lastEventId, { onChange, onOpen, onLost, onEnd }) => {
  let wasOpen = false;
  const subscription = plane.live.subscribe(lastEventId === null ? {} : { lastEventId }, {
    onData: (event) => onChange(event.data, event.id),
    onConnectionStateChange: ({ state, error }) => {
      if (state === 'pending') {
        wasOpen = true;
        onOpen();
      } else if (state === 'connecting' && (wasOpen || error !== null)) onLost(wordsOf(error?.message));
    },
    onError: (error) => onEnd(wordsOf(error.message)),
    onComplete: () => onEnd('the plane ended the stream'),
  });
  return () => subscription.unsubscribe();
};
