// Sections of README.md that programs write: each between two comments, so that what they say is never typed in.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, root } from './shell.mjs';

const path = join(root, 'README.md');
export const readReadme = () => readFileSync(path, 'utf8');

/** The text with what stands between `<!-- name: begin (command) -->` and `<!-- name: end -->` replaced; the command is what writes it. */
export function withSection(text, name, command, body) {
  const from = text.indexOf(`<!-- ${name}: begin (`);
  const to = text.indexOf(`<!-- ${name}: end -->`);
  if (from < 0 || to < from) throw new Failure(`README.md has no comments that mark the section '${name}'`);
  return `${text.slice(0, from)}<!-- ${name}: begin (${command}) -->\n${body}\n${text.slice(to)}`;
}

export const writeSection = (name, command, body) => writeFileSync(path, withSection(readReadme(), name, command, body));
