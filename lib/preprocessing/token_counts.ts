import { padded, type Token } from './vocabulary.js';

/** How often terms occur, and in how many documents: what a vocabulary is made of. */
export class TokenCounts {
  readonly #counts = new Map<Token, number>();
  readonly #documents = new Map<Token, number>();
  #documentsSeen = 0;

  /** @param byDocument whether documents are counted, too */
  constructor(readonly byDocument: boolean) {}

  add(token: Token): void {
    this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
  }

  /** Notes which terms one document has. `tokens` may hold a term often. */
  addDocument(tokens: Iterable<Token>): void {
    this.#documentsSeen++;
    for (const token of new Set(tokens)) this.#documents.set(token, (this.#documents.get(token) ?? 0) + 1);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Terms, the most frequent first; of those that are as frequent the later one in the order of their bytes first, as in Keras. */
  tokens(without: readonly (Token | null)[], most: number | null): Token[] {
    for (const token of without) if (token !== null) this.#counts.delete(token);
    const all = [...this.#counts].sort((a, b) => b[1] - a[1] || compareTokens(b[0], a[0]));
    return (most === null ? all : all.slice(0, Math.max(most, 0))).map(([token]) => token);
  }

  /** Weights of tf-idf: `log(1 + documents / (1 + documents with the term))`. The special terms have their mean. */
  idf(tokens: readonly Token[], specials: number, padTo: number | null): Float32Array {
    const own = Float32Array.from(tokens, (t) => Math.log(1 + this.#documentsSeen / (1 + (this.#documents.get(t) ?? 0))));
    const mean = own.reduce((sum, w) => sum + w, 0) / own.length;
    return padded([...new Array<number>(specials).fill(mean), ...own], padTo);
  }
}

/** Numbers by size, texts by their bytes in UTF-8: the order of code points. */
export function compareTokens(a: Token, b: Token): number {
  if (typeof a !== 'string' || typeof b !== 'string') return a < b ? -1 : a > b ? 1 : 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    // Code points beyond 16 bits are pairs of units that stand below others of one unit.
    if (x !== y) return (isSurrogate(x) ? x + 0x10000 : x) - (isSurrogate(y) ? y + 0x10000 : y);
  }
  return a.length - b.length;
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
