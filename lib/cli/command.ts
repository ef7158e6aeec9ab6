import { parseArgs } from 'node:util';
import { typeError } from '../errors.js';
import { checkNumber, suggest } from '../options.js';
import { type OutputStream, writeText } from '../terminal/output.js';

/** The package, as `import * as gemmfit` gives it. */
export type Package = typeof import('../index.js');

/** An option `--name`. With a `value` it takes one, which the help calls by that word. */
export interface OptionSpec {
  about: string;
  value?: string;
  short?: string;
  default?: string;
}

export interface Command {
  name: string;
  /** One line. */
  about: string;
  /** Arguments by their names; one that ends in `?` may be left out. */
  args: Record<string, string>;
  options: Record<string, OptionSpec>;
  /** Paragraphs of the help. */
  description: readonly string[];
  /** What to type, and what it does. */
  examples: readonly (readonly [line: string, about: string])[];
  /** What exit statuses other than 0 and 2 mean. */
  statuses?: Record<number, string>;
  /** Gives the exit status. */
  run(context: Context): Promise<number>;
}

/** Options of every command. */
export const common: Record<string, OptionSpec> = {
  json: { about: 'print the result as JSON, on one line' },
  help: { about: 'print this page', short: 'h' },
};

/** What commands work with. */
export interface Surroundings {
  stdout: OutputStream;
  stderr: OutputStream;
  /** The package, loaded at the first call: help and mistakes are told at once. */
  gemmfit: () => Promise<Package>;
  diagnose: () => Promise<typeof import('../diagnose.js')>;
}

/** What a command was given, and where its results go. */
export class Context {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly gemmfit: Surroundings['gemmfit'];
  readonly diagnose: Surroundings['diagnose'];
  readonly json: boolean;
  readonly #values: Record<string, string | boolean | undefined>;

  constructor(
    readonly command: Command,
    readonly args: readonly string[],
    values: Record<string, string | boolean | undefined>,
    around: Surroundings,
  ) {
    ({ stdout: this.stdout, stderr: this.stderr, gemmfit: this.gemmfit, diagnose: this.diagnose } = around);
    this.#values = values;
    this.json = values.json === true;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    return (this.#values[name] as string | undefined) ?? this.command.options[name]?.default;
  }

  number(name: string, range: Parameters<typeof checkNumber>[3]): number {
    const given = this.text(name) as string;
    const value = given.trim() === '' ? Number.NaN : Number(given);
    if (Number.isNaN(value)) throw typeError(`--${name} must be a number. Received: '${given}'`);
    return checkNumber(this.command.name, `--${name}`, value, range);
  }

  /** A list with commas: `64,32`. */
  numbers(name: string, range: Parameters<typeof checkNumber>[3]): number[] {
    const given = (this.text(name) ?? '').split(',').map((part) => part.trim());
    return given
      .filter((part) => part !== '')
      .map((part) => {
        if (Number.isNaN(Number(part)))
          throw typeError(`--${name} must be numbers with commas, such as 64,32. Received: '${part}'`);
        return checkNumber(this.command.name, `--${name}`, Number(part), range);
      });
  }

  /** What the command came to: text for people, or its data for machines. Gives the exit status. */
  result(data: object, text: string): 0 {
    writeText(this.stdout, `${this.json ? JSON.stringify(data) : text}\n`);
    return 0;
  }

  /** A line for whoever watches; it is no result. */
  note(text: string): void {
    writeText(this.stderr, `${text}\n`);
  }
}

/** What is wrong with the arguments, in words of ours. */
function explain(error: Error, command: Command): Error {
  const { code, message } = error as Error & { code?: string };
  const names = Object.keys({ ...command.options, ...common });
  const [, unknown] = /Unknown option '(-[^']*)'/.exec(message) ?? [];
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && unknown)
    return typeError(
      `unknown option '${unknown}'.${suggest(unknown.replace(/^-+/, ''), names).replace(/'(\w[\w-]*)'/, "'--$1'")}`,
    );
  return typeError(message.split('. ')[0].replace(/^Option /, 'option '));
}

/** Reads the words behind a command's name. */
export function readArguments(command: Command, words: readonly string[], around: Surroundings): Context {
  const specs = { ...command.options, ...common };
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, { value, short }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), ...(short ? { short } : {}) },
    ]),
  );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    throw explain(error as Error, command);
  }
  const { values, positionals } = parsed as { values: Record<string, string | boolean>; positionals: string[] };
  const wanted = Object.keys(command.args);
  if (values.help !== true) {
    const least = wanted.filter((name) => !name.endsWith('?')).length;
    if (positionals.length < least) throw typeError(`<${wanted[positionals.length]}> is missing`);
    if (positionals.length > wanted.length) throw typeError(`'${positionals[wanted.length]}' is one argument too many`);
  }
  return new Context(command, positionals, values, around);
}
