import { ValueError } from '../../errors.js';

const NEWLINE = 10;
const QUOTE = 34;

/** Bytes that one record may have. */
const LONGEST = 2 ** 24;

/**
 * The bytes of a file cut where records end, so that each part can be read by itself: whole lines, each with its line break. A line break within quotes
 * ends none.
 * @param delimiter null: there are no quotes, a record is a line
 */
export async function* recordParts(
  where: string,
  parts: AsyncIterable<Buffer>,
  delimiter: number | null,
): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let first = true;
  for await (const part of parts) {
    const isMarked = first && part[0] === 0xef && part[1] === 0xbb && part[2] === 0xbf;
    first = false;
    const fresh = isMarked ? part.subarray(3) : part;
    const all = rest.length ? Buffer.concat([rest, fresh]) : fresh;
    const end = delimiter === null ? all.lastIndexOf(NEWLINE) : lastEnd(all, delimiter);
    if (end < 0 && all.length > LONGEST)
      throw new ValueError(
        `${where}: a record has more than ${LONGEST} bytes. Is a quote not closed, or is this no text of lines?`,
        'ERR_BAD_ROW',
      );
    if (end >= 0) yield all.subarray(0, end + 1);
    rest = all.subarray(end + 1);
  }
  if (rest.length) yield rest.at(-1) === NEWLINE ? rest : Buffer.concat([rest, Buffer.of(NEWLINE)]);
}

/** The last line break that is not within quotes. */
function lastEnd(bytes: Buffer, delimiter: number): number {
  if (!bytes.includes(QUOTE)) return bytes.lastIndexOf(NEWLINE);
  let last = -1;
  for (let at = 0; at < bytes.length; at++) {
    const c = bytes[at];
    if (c === NEWLINE) last = at;
    else if (c === QUOTE && begins(bytes, at, delimiter)) {
      at = closing(bytes, at);
      if (at < 0) break;
    }
  }
  return last;
}

/** Whether a value begins here: what stands within one is a quote as any other letter. */
function begins(bytes: Buffer, at: number, delimiter: number): boolean {
  const before = at === 0 ? NEWLINE : bytes[at - 1];
  return before === delimiter || before === NEWLINE;
}

/** Where the quote is that closes a value; -1 where there is none. Two quotes stand for one. */
export function closing(bytes: Buffer, open: number): number {
  for (let at = bytes.indexOf(QUOTE, open + 1); at >= 0; at = bytes.indexOf(QUOTE, at + 2))
    if (bytes[at + 1] !== QUOTE) return at;
  return -1;
}
