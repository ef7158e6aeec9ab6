// node scripts/recording.mjs: records a session of the command line in a real terminal (tmux), as the moving picture docs/images/session.svg.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { recordingSvg } from './lib/recording_svg.mjs';
import { Failure, main, root, which } from './lib/shell.mjs';

const columns = 112;
const rows = 25;
const session = [
  'npx gemmfit train flowers.csv --target species --epochs 6 --plot curves.svg',
  'npx gemmfit evaluate model.keras flowers.csv',
  `echo '{"petal": 5.1, "sepal": 3.0, "colour": "white"}' | npx gemmfit predict model.keras -`,
];

/** A made-up table, the same each time: three species whose measures overlap. */
function flowers() {
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const about = (mean, spread) => (mean + spread * (random() + random() + random() - 1.5)).toFixed(2);
  const kinds = [
    ['daisy', 3.2, 3.4, ['white', 'yellow']],
    ['tulip', 4.4, 2.9, ['red', 'yellow']],
    ['lily', 5.2, 3.1, ['white', 'red']],
  ];
  const lines = Array.from({ length: 6000 }, (_, i) => {
    const [name, petal, sepal, colours] = kinds[i % 3];
    return `${about(petal, 1)},${about(sepal, 0.6)},${colours[random() < 0.6 ? 0 : 1]},${name}`;
  });
  return `petal,sepal,colour,species\n${lines.join('\n')}\n`;
}

/** What the terminal shows at each time that it changes. */
async function record(tmux, frames, until) {
  for (let same = 0; ; ) {
    const text = tmux('capture-pane', '-p').trimEnd();
    if (text !== frames.at(-1)?.text) frames.push({ text, at: performance.now() });
    else same++;
    if (until(text) && same > 3) return;
    await pause(40);
  }
}

main('recording', async () => {
  if (!which('tmux')) throw new Failure('tmux is missing: apt-get install tmux');
  const folder = mkdtempSync(join(tmpdir(), 'gemmfit-recording-'));
  writeFileSync(join(folder, 'flowers.csv'), flowers());
  writeFileSync(
    join(folder, 'rc'),
    `PS1='$ '\nnpx() { shift; ${process.execPath} ${join(root, 'bin/gemmfit.mjs')} "$@"; }\ncd ${folder}\nclear\n`,
  );
  const name = `recording-${process.pid}`;
  const tmux = (...words) => execFileSync('tmux', ['-L', name, '-f', '/dev/null', ...words], { encoding: 'utf8' });
  try {
    const size = ['-x', String(columns), '-y', String(rows)];
    tmux('new-session', '-d', ...size, `bash --noprofile --rcfile ${join(folder, 'rc')}`);
    const frames = [];
    const isReady = (text) => text.split('\n').at(-1) === '$';
    await record(tmux, frames, isReady);
    for (const line of session) {
      for (const piece of line.match(/.{1,4}/g)) {
        tmux('send-keys', '-l', '--', piece);
        await pause(50);
        frames.push({ text: tmux('capture-pane', '-p').trimEnd(), at: performance.now() });
      }
      tmux('send-keys', 'Enter');
      await pause(150);
      await record(tmux, frames, isReady);
      await pause(900);
    }
    mkdirSync(join(root, 'docs/images'), { recursive: true });
    const file = join(root, 'docs/images/session.svg');
    writeFileSync(file, recordingSvg(frames, { columns, rows, title: 'A session of npx gemmfit: train, evaluate, predict' }));
    console.log(file);
  } finally {
    tmux('kill-server');
    rmSync(folder, { recursive: true });
  }
});
