/** What our files look like. A file of a higher version is a newer Rankscope's. */
export const schemaVersion = 2;

/**
 * One row an entry, in the order of arrival. What entries have in common stands once in `shapes`, `jobs` and `texts` of
 * the same hour, so that an hour is dropped with all that it needs. `detail`: 0 none, 1 the wording of the row's own
 * site, else a text. `extra`: 0 none, else a text, JSON of what is rarely said. `barrier`, `eval` and `mono` are one
 * more than their value, 0 is none: a −1 would cost all bits.
 */
export const entryColumnsOfTable = [
  ['source', 'USMALLINT'],
  ['seq', 'BIGINT'],
  ['at_us', 'BIGINT'],
  ['shape', 'UINTEGER'],
  ['job', 'UINTEGER'],
  ['detail', 'UINTEGER'],
  ['barrier', 'UINTEGER'],
  ['eval', 'UINTEGER'],
  ['mono', 'UBIGINT'],
  ['extra', 'UINTEGER'],
] as const;

/** In `detail`: the text is `siteDetail` of the row's shape and barrier. */
export const detailOfSite = 1;
/** The first number that a text may have. */
export const firstText = 2;

const definitions = (columns: readonly (readonly [string, string])[]) =>
  columns.map(([name, type]) => `${name} ${type} NOT NULL`).join(', ');

export const fileTables: readonly string[] = [
  'CREATE TABLE rankscope_entries (version INTEGER NOT NULL)',
  `INSERT INTO rankscope_entries VALUES (${schemaVersion})`,
  `CREATE TABLE sources (id USMALLINT NOT NULL, node_id VARCHAR NOT NULL, runner_id VARCHAR NOT NULL,
    instance_id VARCHAR NOT NULL, model_id VARCHAR NOT NULL, device_rank DOUBLE NOT NULL, world_size DOUBLE NOT NULL,
    attempt DOUBLE NOT NULL, recorder VARCHAR NOT NULL)`,
  'CREATE TABLE hours (id INTEGER NOT NULL, began_ms DOUBLE NOT NULL)',
  `CREATE TABLE stretches (hour INTEGER NOT NULL, source USMALLINT NOT NULL, first_seq DOUBLE NOT NULL,
    last_seq DOUBLE NOT NULL, n DOUBLE NOT NULL, min_us DOUBLE NOT NULL, max_us DOUBLE NOT NULL)`,
];

export function hourTables(hour: number): string[] {
  return [
    `CREATE TABLE entries_${hour} (${definitions(entryColumnsOfTable)})`,
    `CREATE TABLE shapes_${hour} (id UINTEGER NOT NULL, phase VARCHAR NOT NULL, event VARCHAR NOT NULL,
      op VARCHAR NOT NULL, dtype VARCHAR NOT NULL, grp INTEGER NOT NULL, cell INTEGER NOT NULL, layer INTEGER NOT NULL,
      waiting_on INTEGER NOT NULL, bytes DOUBLE NOT NULL)`,
    `CREATE TABLE jobs_${hour} (id UINTEGER NOT NULL, task_id VARCHAR NOT NULL, command_id VARCHAR NOT NULL)`,
    `CREATE TABLE texts_${hour} (id UINTEGER NOT NULL, part UINTEGER NOT NULL, text VARCHAR NOT NULL)`,
  ];
}

export function dropHour(hour: number): string[] {
  return [
    ...['entries', 'shapes', 'jobs', 'texts'].map((table) => `DROP TABLE ${table}_${hour}`),
    `DELETE FROM hours WHERE id = ${hour}`,
    `DELETE FROM stretches WHERE hour = ${hour}`,
  ];
}

/**
 * What each node last said and where to go on with it: every commit adds a row, the last one counts. From time to time
 * the last ones move into a new table and the old one is dropped, which frees its room; an update would not.
 */
export function heardTable(generation: number): string {
  return `CREATE TABLE heard_${generation} (node_id VARCHAR NOT NULL, cursor VARCHAR NOT NULL, diagnostics VARCHAR)`;
}
