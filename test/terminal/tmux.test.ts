import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';

const program = resolve(import.meta.dirname, 'programs/fits.mjs');
// A server of its own for each test: one that is ending takes no new session.
let number = 0;
let socket = '';
const tmux = (...words: string[]) => execFileSync('tmux', ['-L', socket, '-f', '/dev/null', ...words], { encoding: 'utf8' });
const hasTmux = spawnSync('tmux', ['-V']).status === 0;

function start(columns: number, ...args: (string | number)[]): void {
  socket = `gemmfit-${process.pid}-${number++}`;
  const line = `${process.execPath} ${program} ${args.join(' ')}; sleep 1000`;
  tmux('new-session', '-d', '-s', 'fit', '-x', String(columns), '-y', '40', line);
}

/** What the terminal shows, line by line; with `joined` a line that the terminal wrapped is one. */
const shown = (joined = false) =>
  tmux('capture-pane', '-p', ...(joined ? ['-J'] : []), '-t', 'fit')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter(Boolean);

/** Looks until it is so. Each look must bear it. */
async function until(isSo: (lines: string[]) => boolean, bears: (lines: string[]) => void = () => undefined): Promise<string[]> {
  const end = Date.now() + 40_000;
  for (;;) {
    const lines = shown();
    bears(lines);
    if (isSo(lines)) return lines;
    if (Date.now() > end) throw new Error(`it never came; the terminal shows:\n${lines.join('\n')}`);
    await new Promise((later) => setTimeout(later, 60));
  }
}

const isOver = (lines: string[]) => lines.includes('over');
const done =
  /^20\/20 (\[=+\] )?- \d+s \d+ms\/step - loss: [\d.e-]+ - mean_absolute_error_of_all_the_samples: [\d.e-]+ - another_metric_with_a_long_name: [\d.e-]+$/;

afterEach(() => {
  spawnSync('tmux', ['-L', socket, 'kill-server']);
});

// The program runs the built package in a real terminal. Sanitizers print there, and slow it down.
describe.skipIf(!hasTmux || process.env.GEMMFIT_SANITIZE)('on a real terminal', () => {
  test.each([80, 200])('%i columns: one line that is redrawn, and one that stays for each epoch', async (columns) => {
    start(columns, 1, 25);
    await until(isOver, (lines) => {
      // One bar at most, and no line but the one that stays is wrapped.
      expect(lines.filter((line) => line.includes('ETA')).length).toBeLessThanOrEqual(1);
      for (const line of lines.filter((one) => one.includes('ETA'))) expect(line.length).toBeLessThan(columns);
    });
    const lines = shown(true);
    expect(lines).toEqual(['Epoch 1/2', expect.stringMatching(done), 'Epoch 2/2', expect.stringMatching(done), 'over']);
  });

  test('a window that becomes narrower and wider again keeps no piece of an old line', async () => {
    start(200, 1, 60);
    await until((lines) => lines.some((line) => /ETA.*another_metric/.test(line)));
    tmux('resize-window', '-t', 'fit', '-x', '60');
    await until((lines) => lines.some((line) => line.includes('ETA') && line.includes('...')));
    tmux('resize-window', '-t', 'fit', '-x', '140');
    await until(isOver);
    const lines = shown(true);
    expect(lines.filter((line) => line.includes('ETA'))).toEqual([]);
    // tmux moves what stands above a line that it wraps out of sight, the heading too.
    const stay = ['Epoch 1/2', expect.stringMatching(done), 'Epoch 2/2', expect.stringMatching(done), 'over'];
    expect(lines).toEqual(stay.slice(-lines.length));
    expect(lines.length).toBeGreaterThanOrEqual(4);
  });

  test('three fits at once: whole lines, each with its name', async () => {
    start(200, 3, 30);
    await until(isOver, (lines) => {
      expect(lines.filter((line) => line.includes('ETA')).length).toBeLessThanOrEqual(1);
    });
    const lines = shown(true).filter((line) => !/^Epoch \d\/2$/.test(line));
    expect(lines.pop()).toBe('over');
    const names = lines.map((line) => /^(model_\d, epoch \d\/2|)(?:: )?(20\/20 .*)$/.exec(line)?.slice(1));
    for (const found of names) expect(found?.[1]).toMatch(done);
    expect(lines).toHaveLength(6);
    // The last of them to end may have been alone by then.
    expect(names.filter((found) => found?.[0]).length).toBeGreaterThanOrEqual(5);
    expect(new Set(names.map((found) => found?.[0])).size).toBeGreaterThanOrEqual(5);
  });

  test('in a pipe there is a line an epoch, and nothing that moves a cursor', () => {
    const { stdout } = spawnSync(process.execPath, [program, '1', '1'], { encoding: 'utf8' });
    for (const moves of ['\b', '\r', '\u001b']) expect(stdout).not.toContain(moves);
    expect(stdout.trimEnd().split('\n')).toEqual([
      'Epoch 1/2',
      expect.stringMatching(done),
      'Epoch 2/2',
      expect.stringMatching(done),
      'over',
    ]);
  });
});
