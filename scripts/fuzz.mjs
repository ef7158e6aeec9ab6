// npm run fuzz [-- --minutes M] [-- --only TEXT]: 10,000 random cases of every property of a parser, then each golden file cut at every length and changed 10,000 times.
// Hours of one core; with --minutes it says how far it came.
import { join } from 'node:path';
import { main, root, status } from './lib/shell.mjs';

main('fuzz', () => {
  const properties = [
    'test/saving/fuzz.test.ts',
    'test/saving/hostile_config.test.ts',
    'test/saving/zip.test.ts',
    'test/saving/fuzz_tfjs.test.ts',
    'test/checkpoint/hostile_checkpoints.test.ts',
  ];
  const vitest = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...properties, '--test-timeout', '0'];
  const failed = status(process.execPath, vitest, { env: { ...process.env, GEMMFIT_FUZZ: '10000' } });
  process.exitCode = status(process.execPath, [join(root, 'test/saving/fuzz/run.mjs'), ...process.argv.slice(2)]) || failed;
});
