export * from './fetch-json.ts';
