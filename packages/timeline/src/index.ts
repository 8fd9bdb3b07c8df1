export * from './instant.ts';
export * from './stitch.ts';
