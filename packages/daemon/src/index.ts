export * from './boot-id.ts';
export * from './clock.ts';
export * from './format-config.ts';
export * from './lock-file.ts';
export * from './log.ts';
export { didYouMean, nearestName } from './nearest-name.ts';
export * from './parse-config.ts';
export * from './shutdown.ts';
