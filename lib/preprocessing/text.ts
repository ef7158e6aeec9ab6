/** How a text becomes terms. */
export interface TextOptions {
  standardize: 'lower_and_strip_punctuation' | 'lower' | 'strip_punctuation' | null | ((text: string) => string);
  split: 'whitespace' | 'character' | null | ((text: string) => readonly string[]);
  /** Widths of the runs of neighbours that become terms. */
  ngrams: readonly number[] | null;
}

const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;
const CAPITALS = /[A-Z]+/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the first half of the code table
const ASCII = /^[\x00-\x7f]*$/;
/** What C's isspace takes for one: no others. */
const SPACES = /[ \t\n\v\f\r]+/;

/** A to Z alone become small, as in TensorFlow. */
const lower = (text: string): string =>
  ASCII.test(text) ? text.toLowerCase() : text.replace(CAPITALS, (capitals) => capitals.toLowerCase());
const strip = (text: string): string => text.replace(PUNCTUATION, '');

function standardizer(how: TextOptions['standardize']): (text: string) => string {
  if (typeof how === 'function') return how;
  if (how === null) return (text) => text;
  if (how === 'lower') return lower;
  return how === 'strip_punctuation' ? strip : (text) => strip(lower(text));
}

function words(text: string): string[] {
  const parts = text.split(SPACES);
  // An empty text at either end, where the text begins or ends with a space.
  if (parts[parts.length - 1] === '') parts.pop();
  if (parts[0] === '') parts.shift();
  return parts;
}

function splitter(how: TextOptions['split']): (text: string) => readonly string[] {
  if (typeof how === 'function') return how;
  if (how === 'character') return (text) => [...text];
  return how === 'whitespace' ? words : (text) => [text];
}

function grams(terms: readonly string[], widths: readonly number[]): string[] {
  const out: string[] = [];
  for (const width of widths)
    for (let i = 0; i + width <= terms.length; i++) out.push(width === 1 ? terms[i] : terms.slice(i, i + width).join(' '));
  return out;
}

/** Terms of rows: one text that is taken apart, or texts that are the terms already. */
export function tokenizer({ standardize, split, ngrams }: TextOptions): (row: readonly string[]) => readonly string[] {
  const clean = standardizer(standardize);
  const cut = splitter(split);
  const terms = split === null ? (row: readonly string[]) => row.map(clean) : (row: readonly string[]) => cut(clean(row[0]));
  return ngrams === null ? terms : (row) => grams(terms(row), ngrams);
}
