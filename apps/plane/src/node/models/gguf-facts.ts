import type { GgufHeader, GgufValue } from './gguf.ts';

/** Asks a GGUF header for metadata of a known sort; what is missing is named. */
export function openFacts({ metadata }: Pick<GgufHeader, 'metadata'>) {
  return {
    number: (key: string): number => {
      const value = find(key);
      if (typeof value !== 'number') throw new Error(`${key} in the GGUF file is not a number.`);
      return value;
    },
    string: (key: string): string => {
      const value = find(key);
      if (typeof value !== 'string') throw new Error(`${key} in the GGUF file is not a string.`);
      return value;
    },
    numbers: (key: string) => list(key).map((item) => (typeof item === 'number' ? item : wrongItem(key))),
    strings: (key: string) => list(key).map((item) => (typeof item === 'string' ? item : wrongItem(key))),
  };

  function list(key: string): readonly GgufValue[] {
    const value = find(key);
    if (typeof value !== 'object') throw new Error(`${key} in the GGUF file is not a list.`);
    return value;
  }

  function find(key: string): GgufValue {
    const value = metadata.get(key);
    if (value === undefined) throw new Error(`The GGUF file says nothing about ${key}.`);
    return value;
  }
}

export type GgufFacts = ReturnType<typeof openFacts>;

function wrongItem(key: string): never {
  throw new Error(`${key} in the GGUF file has an item of the wrong sort.`);
}
