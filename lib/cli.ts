/** The command line: `npx gemmfit`. */
import { version } from '../package.json';
import { type Command, type Context, readArguments, type Surroundings } from './cli/command.js';
import { commands } from './cli/commands.js';
import { helpOf, overview } from './cli/help.js';
import { typeError } from './errors.js';
import { suggest } from './options.js';
import { printLines, writeText } from './terminal/output.js';

/** It could not be done: arguments, files or data are wrong. */
const REFUSED = 2;

const standard: Surroundings = {
  stdout: process.stdout,
  stderr: process.stderr,
  gemmfit: () => import('./index.js'),
  diagnose: () => import('./diagnose.js'),
};

function commandOf(name: string): Command {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const names = commands.map((command) => command.name);
  throw typeError(`unknown command '${name}'.${suggest(name, names)}`);
}

/** One line, whatever the error is. */
function report(error: unknown, name: string | undefined, json: boolean, { stderr }: Surroundings): number {
  const { message = String(error), code = null } = (error ?? {}) as { message?: string; code?: string | null };
  const line = message.replace(/\s*\n\s*/g, ' ');
  const said = `gemmfit${name ? ` ${name}` : ''}: ${line}`;
  printLines(stderr, `${json ? JSON.stringify({ error: { code, message: line } }) : said}\n`);
  return REFUSED;
}

/**
 * Runs a command line.
 * @param words what stands behind `gemmfit`
 * @returns the exit status
 */
export async function main(words: readonly string[], around: Surroundings = standard): Promise<number> {
  const [first, ...rest] = words;
  const show = (text: string) => writeText(around.stdout, `${text}\n`);
  let command: Command | undefined;
  try {
    if (first === undefined) throw typeError('a command is missing. gemmfit --help lists them');
    if (first === '--version' || first === '-v') return show(version) ?? 0;
    if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) return show(overview(commands)) ?? 0;
    const [name, given] = first === 'help' ? [rest[0], ['--help']] : [first, rest];
    command = commandOf(name);
    const context: Context = readArguments(command, given, around);
    if (context.flag('help')) return show(helpOf(command)) ?? 0;
    return await command.run(context);
  } catch (error) {
    return report(error, command?.name, rest.includes('--json'), around);
  }
}
