// Preloaded into a process that must do without: whoever asks for a part of OpenTelemetry gets an error.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.includes('opentelemetry')) throw new Error(`${specifier} was loaded by ${context.parentURL}`);
    return next(specifier, context);
  },
});
