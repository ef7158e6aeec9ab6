import { type Command, common, type OptionSpec } from './command.js';

const WIDTH = 78;
const REFUSED: [string, string] = ['2', 'it could not be done: one line on stderr says why'];

/** Lines of at most so many characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line];
}

/** Names on the left, what they mean on the right. */
function table(rows: readonly (readonly [name: string, about: string])[], indent = 2): string[] {
  const left = Math.min(26, Math.max(...rows.map(([name]) => name.length)) + 2);
  return rows.flatMap(([name, about]) => {
    const [first, ...rest] = wrap(about, WIDTH - indent - left);
    const margin = ' '.repeat(indent + left);
    const head =
      name.length + 2 > left ? [' '.repeat(indent) + name, margin + first] : [' '.repeat(indent) + name.padEnd(left) + first];
    return [...head, ...rest.map((line) => margin + line)];
  });
}

function optionRow([name, { short, value, about, default: given }]: [string, OptionSpec]): [string, string] {
  const head = `${short ? `-${short}, ` : ''}--${name}${value ? ` <${value}>` : ''}`;
  return [head, given === undefined || given === '' ? about : `${about} (default ${given})`];
}

const argument = (name: string): string => (name.endsWith('?') ? `[${name.slice(0, -1)}]` : `<${name}>`);

const section = (title: string, lines: readonly string[]): string[] => (lines.length ? ['', title, ...lines] : []);

function statusesOf({ statuses = {} }: Command): [string, string][] {
  const own = Object.entries(statuses).map(([status, about]): [string, string] => [status, about]);
  return [['0', 'it is done'] as [string, string], ...own, REFUSED].sort(([one], [other]) => Number(one) - Number(other));
}

/** The page of one command. */
export function helpOf(command: Command): string {
  const { name, about, args, options, description, examples } = command;
  const words = Object.keys(args).map(argument);
  const paragraphs = description.flatMap((p, i) => [...(i ? [''] : []), ...wrap(p, WIDTH - 2).map((line) => `  ${line}`)]);
  return [
    `gemmfit ${name} - ${about}`,
    ...section('USAGE', [`  ${['gemmfit', name, ...words, '[options]'].join(' ')}`]),
    ...section('DESCRIPTION', paragraphs),
    ...section(
      'ARGUMENTS',
      args && Object.keys(args).length ? table(Object.entries(args).map(([n, a]) => [argument(n), a])) : [],
    ),
    ...section('OPTIONS', table(Object.entries({ ...options, ...common }).map(optionRow))),
    ...section(
      'EXAMPLES',
      examples.flatMap(([line, what]) => [`  ${line}`, ...wrap(what, WIDTH - 6).map((text) => `      ${text}`)]),
    ),
    ...section('EXIT STATUS', table(statusesOf(command))),
  ].join('\n');
}

/** The page of the program. */
export function overview(commands: readonly Command[]): string {
  return [
    'gemmfit - trains neural networks on the command line',
    ...section('USAGE', ['  gemmfit <command> [arguments] [options]', '  gemmfit <command> --help', '  gemmfit --version']),
    ...section('COMMANDS', table(commands.map(({ name, about }) => [name, about]))),
    ...section('DESCRIPTION', [
      ...wrap(
        'Results go to stdout, progress and messages to stderr; with --json a result is one line of JSON, and an error one on stderr. Files of models are those of Keras (.keras, .h5) and TensorFlow.js (a folder).',
        WIDTH - 2,
      ).map((line) => `  ${line}`),
    ]),
    ...section('EXIT STATUS', table([['0', 'it is done'], REFUSED])),
  ].join('\n');
}
