/** The texts of an answer, each once. */
export class AnswerStrings {
  readonly all: string[] = [''];
  readonly #at = new Map<string, number>([['', 0]]);

  at(text: string): number {
    const known = this.#at.get(text);
    if (known !== undefined) return known;
    const at = this.all.push(text) - 1;
    this.#at.set(text, at);
    return at;
  }
}
