/** What is wrong with bytes that should be an OTLP request, and where. The request as a whole is not taken. */
export class OtlpError extends Error {
  override readonly name = 'OtlpError';
  /** As the specification names fields: `resource_spans[0].scope_spans[1].spans[12].attributes[3]`. */
  readonly path: string;
  /** Bytes from the beginning of the (inflated) body; null where a JSON value is wrong, which its path finds. */
  readonly offset: number | null;

  constructor(problem: string, path: string, offset: number | null) {
    super(`${path === '' ? 'the request' : path}${offset === null ? '' : `, byte ${offset}`}: ${problem}`);
    this.path = path;
    this.offset = offset;
  }
}
