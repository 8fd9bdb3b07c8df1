import { parser } from '@prometheus-io/lezer-promql';

/** Where a query is not PromQL, by the grammar of Prometheus' own editor: each place with the text from there on. */
export function promqlFaults(query: string): string[] {
  const faults: string[] = [];
  parser.parse(query).iterate({
    enter: ({ type, from }) => {
      if (type.isError) faults.push(`at ${from}: ${query.slice(from, from + 40)}`);
    },
  });
  return faults;
}
