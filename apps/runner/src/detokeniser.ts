export interface Detokeniser {
  /** The text that became certain with this token; empty while a character is not whole. */
  push(token: number): string;
  /** What is left, whole character or not. */
  flush(): string;
}

const replacement = '\ufffd';

/**
 * Tokens to text, piece by piece, so that all pieces together are the text of all tokens.
 *
 * A token may hold half a character, and a tokenizer may treat the first token of a text in its own way (a leading
 * blank is dropped). So a token is decoded together with those shown last, and what these say alone is cut off; a text
 * that ends in U+FFFD is held back until the next token completes it. The cost of a token does not grow with the answer.
 */
export function createDetokeniser(decode: (tokens: readonly number[]) => string): Detokeniser {
  /** Tokens that were shown last, then tokens that were not shown yet. */
  let context: number[] = [];
  let pending: number[] = [];
  const textOf = (tokens: readonly number[]): string => (tokens.length === 0 ? '' : decode(tokens));
  const show = (force: boolean): string => {
    if (pending.length === 0) return '';
    const before = textOf(context);
    const text = textOf([...context, ...pending]);
    if (!force && text.endsWith(replacement)) return pending.length < longestCharacterTokens ? '' : showWhole(text);
    // Special tokens say nothing. They are not kept as context: the next text would be decoded as if it were the first.
    if (text.length <= before.length) {
      context = [...context, ...pending];
      pending = [];
      return '';
    }
    context = pending;
    pending = [];
    return text.slice(before.length);
  };
  /**
   * A real U+FFFD may stand before the first bytes of a character. Of so many tokens, those are shown without which the
   * text only grows shorter; the rest is what may still become a character.
   */
  const showWhole = (text: string): string => {
    const before = textOf(context);
    for (let count = pending.length - 1; count > 0; count -= 1) {
      const sure = textOf([...context, ...pending.slice(0, count)]);
      if (sure.length >= text.length || sure.length <= before.length || !text.startsWith(sure)) continue;
      context = pending.slice(0, count);
      pending = pending.slice(count);
      return sure.slice(before.length);
    }
    return show(true);
  };
  return {
    push(token) {
      pending.push(token);
      return show(false);
    },
    flush: () => show(true),
  };
}

/** A UTF-8 character has at most four bytes, a token at least one. Beyond, U+FFFD is what the model said. */
const longestCharacterTokens = 5;
