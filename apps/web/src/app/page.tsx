import { TimelinePage } from '../timeline-page.tsx';

/** Until there is an overview, the timeline is what a newcomer sees first. */
export default function Home() {
  return <TimelinePage />;
}
