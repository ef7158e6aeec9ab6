// Sections of pages that programs write: each stands between two comments, so that nobody types in what they say.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root } from './shell.mjs';

/** The text with what stands between `<!-- name: begin (command) -->` and `<!-- name: end -->` replaced; the command is what writes it. */
export function withSection(text, { name, command, body }) {
  const from = text.indexOf(`<!-- ${name}: begin (`);
  const to = text.indexOf(`<!-- ${name}: end -->`);
  if (from < 0 || to < from) throw new Failure(`the page has no comments that mark the section '${name}'`);
  return `${text.slice(0, from)}<!-- ${name}: begin (${command}) -->\n${body}\n${text.slice(to)}`;
}

const read = (page) => readFileSync(join(root, page), 'utf8');

/** Whether the page, such as `docs/layers.md`, has the section as it is given. */
export const isWritten = (page, section) => withSection(read(page), section) === read(page);

export const writeSection = (page, section) => writeFileSync(join(root, page), withSection(read(page), section));
