import { main } from '../../lib/cli.js';
import * as diagnose from '../../lib/diagnose.js';
import * as gemmfit from '../../lib/index.js';
import { FakeStream } from '../callbacks/fakes.js';

/** What a command line comes to, run in this process. */
export async function run(...words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new FakeStream(), new FakeStream()];
  const status = await main(words, { stdout, stderr, gemmfit: async () => gemmfit, diagnose: async () => diagnose });
  return { status, stdout: stdout.text, stderr: stderr.text };
}
