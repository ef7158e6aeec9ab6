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
/** Streams whose last text of ours did not end its line: a progress bar is standing there. */
const unfinished = new WeakSet<OutputStream>();

const ignore = () => {};

/** Writes without ever throwing, and without leaving an 'error' event of the stream to end the process. */
export function writeText(stream: OutputStream, text: string): void {
  if (text === '' || broken.has(stream)) return;
  if (text.endsWith('\n')) unfinished.delete(stream);
  else unfinished.add(stream);
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

/** Ends a line that a progress bar left open. */
export function endLine(stream: OutputStream): void {
  if (unfinished.has(stream)) writeText(stream, '\n');
}

/** One message on lines of its own, also while a progress bar is standing. */
export function printMessage(message: string, stream: OutputStream = process.stdout): void {
  if (!message.startsWith('\n')) endLine(stream);
  writeText(stream, `${message}\n`);
}
