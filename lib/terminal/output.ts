import { columnsOf } from './progress_line.js';

/** Where progress and messages go. `process.stdout` is one; anything with `write` will do. */
export interface OutputStream {
  write(text: string, done?: (error?: Error | null) => void): void;
  /** Whether a line can be redrawn in place. */
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
}

/** Streams that failed (a pipe whose reader has gone): progress is dropped, training goes on. */
const broken = new WeakSet<OutputStream>();

/** A line that is redrawn in place, and who draws it. */
interface Standing {
  owner: object;
  text: string;
  columns: number;
}
const standing = new WeakMap<OutputStream, Standing>();

const ignore = () => {};

/** Writes without ever throwing, and without leaving an 'error' event of the stream to end the process. */
export function writeText(stream: OutputStream, text: string): void {
  if (text === '' || broken.has(stream)) return;
  const emitter = stream as Partial<NodeJS.WritableStream>;
  const failed = (error?: Error | null) => {
    if (!error) return;
    broken.add(stream);
    // The event follows this call. A listener of the user's own still gets it.
    if (emitter.listenerCount?.('error') === 0) emitter.once?.('error', ignore);
  };
  try {
    stream.write(text, failed);
  } catch {
    broken.add(stream);
  }
}

/** What takes a line off a terminal, and leaves the cursor where it began. */
function erasing(stream: OutputStream, columns: number): { back: string; left: number } {
  const { columns: width = Number.POSITIVE_INFINITY } = stream;
  if (columns <= width) return { back: `${'\b'.repeat(columns)}\r`, left: columns };
  // The terminal became narrower and has wrapped the line: up to where it began, and all below goes.
  return { back: `\u001b[${Math.ceil(columns / width) - 1}A\r\u001b[J`, left: 0 };
}

/**
 * Draws a line in place of the one that the same owner drew before. Where another's line stands, that one stays, and false is returned: a
 * terminal has one such line, whoever comes first.
 */
export function drawLine(stream: OutputStream, owner: object, text: string): boolean {
  const there = standing.get(stream);
  if (there && there.owner !== owner) return false;
  const { back, left } = erasing(stream, there?.columns ?? 0);
  const columns = columnsOf(text);
  writeText(stream, `${back}${text}${' '.repeat(Math.max(0, left - columns))}`);
  standing.set(stream, { owner, text, columns: Math.max(columns, left) });
  return true;
}

/** Writes a line that stays, in place of the one that the owner drew, or above another's. */
export function finishLine(stream: OutputStream, owner: object, text: string): void {
  if (stream.isTTY && drawLine(stream, owner, text)) endLine(stream, owner);
  else printLines(stream, `${text}\n`);
}

/** Ends a line that its owner left standing. */
export function endLine(stream: OutputStream, owner: object): void {
  if (standing.get(stream)?.owner !== owner) return;
  standing.delete(stream);
  writeText(stream, '\n');
}

/** Whole lines, above the one that stands. */
export function printLines(stream: OutputStream, text: string): void {
  const there = standing.get(stream);
  if (!there) {
    writeText(stream, text);
    return;
  }
  const { back, left } = erasing(stream, there.columns);
  writeText(stream, `${back}${' '.repeat(left)}${left ? '\r' : ''}${text}${there.text}`);
  standing.set(stream, { ...there, columns: columnsOf(there.text) });
}

/** One message on lines of its own, also while a progress bar is standing: then it needs no line break to leave the bar's line. */
export function printMessage(message: string, stream: OutputStream = process.stdout): void {
  printLines(stream, `${standing.has(stream) ? message.replace(/^\n/, '') : message}\n`);
}
