import { ValueError } from '../errors.js';

const MOST_DEPTH = 200;

/**
 * JSON of a file that may come from anywhere. Beyond what JSON.parse refuses, a key may stand only once in an object (readers differ in which one they
 * take), and nothing lies deeper than 200. ValueError ERR_JSON.
 */
export function parseStrictJson(where: string, bytes: Uint8Array | string): unknown {
  const refused = (why: string) => new ValueError(`${where}: no valid JSON: ${why}`, 'ERR_JSON');
  let text: string;
  try {
    text = typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused('it is not UTF-8');
  }
  checkKeys(text, refused);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused((error as Error).message.slice(0, 200));
  }
}

/** Looks at strings and brackets only; what is wrong otherwise JSON.parse says. */
function checkKeys(text: string, refused: (why: string) => ValueError): void {
  // Of each open bracket: the keys so far, null for a list.
  const open: (Set<string> | null)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[[\]{}]/gs;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found, colon] = match;
    if (found === '{' || found === '[') {
      if (open.push(found === '{' ? new Set() : null) > MOST_DEPTH) throw refused(`it is nested more than ${MOST_DEPTH} deep`);
    } else if (found === '}' || found === ']') {
      open.pop();
    } else if (colon !== undefined) {
      const raw = found.slice(0, found.length - colon.length);
      const keys = open.at(-1);
      let key = raw;
      try {
        key = JSON.parse(raw);
      } catch {}
      if (keys?.has(key)) throw refused(`the key ${raw.slice(0, 80)} stands twice in one object`);
      keys?.add(key);
    }
  }
}
