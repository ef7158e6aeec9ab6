// npm run fuzz:native [-- --minutes M] [-- --only NAME]...: clang's libFuzzer on what reads descriptions, states and data in the engine (native/test/fuzz/targets.h),
// under the address and undefined-behaviour sanitizers, ten minutes each. What takes a way of its own is put into native/test/fuzz/corpus, which the native tests
// try again. A finding is left in build/fuzz-native/data, and ends the command with 1.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addonPath, buildTarget, configureEngine } from './lib/native.mjs';
import { Failure, main, root, run, status, which } from './lib/shell.mjs';

const targets = ['program', 'state', 'feed'];
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, only: { type: 'string', multiple: true, default: targets } },
});
const engine = 'build/fuzz-native';
const folder = join(root, engine, 'data');
const corpora = join(root, 'native/test/fuzz/corpus');

function build() {
  const versions = ['', '-20', '-19', '-18', '-17', '-16', '-15', '-14'];
  const clang = versions.find((v) => which(`clang++${v}`));
  if (clang === undefined) throw new Failure('needs clang++ with its libFuzzer (apt-get install clang)');
  const { simd } = createRequire(import.meta.url)(join(root, addonPath)).info();
  configureEngine(
    engine,
    {
      CMAKE_C_COMPILER: `clang${clang}`,
      CMAKE_CXX_COMPILER: `clang++${clang}`,
      GEMMFIT_SANITIZE: 'fuzzer-no-link,address,undefined',
      GEMMFIT_FUZZ: 'ON',
      ...(process.arch === 'x64' ? { GEMMFIT_ONLY_TARGET: simd } : {}),
    },
    { quiet: true },
  );
}

/** The members of a corpus as files: what libFuzzer reads. */
function unpack(name, into) {
  mkdirSync(into, { recursive: true });
  let bytes;
  try {
    bytes = readFileSync(join(corpora, `${name}.bin`));
  } catch {
    return;
  }
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = bytes.readUInt32LE(at);
    writeFileSync(join(into, `c${i}`), bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
}

/** One file of all, each behind its length: what fuzz_test.cc reads. */
function pack(name, from) {
  const members = readdirSync(from).map((file) => readFileSync(join(from, file)));
  members.sort((a, b) => a.length - b.length || Buffer.compare(a, b));
  const length = (n) => {
    const four = Buffer.alloc(4);
    four.writeUInt32LE(n);
    return four;
  };
  mkdirSync(corpora, { recursive: true });
  writeFileSync(join(corpora, `${name}.bin`), Buffer.concat(members.flatMap((m) => [length(m.length), m])));
  return members.length;
}

/** Words that the engine asks descriptions for, and names of parts. */
function dictionary(file) {
  const words = new Set();
  const visit = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) entry.name !== 'test' && visit(join(path, entry.name));
      else if (/\.(cc|def|h)$/.test(entry.name))
        for (const [, word] of readFileSync(join(path, entry.name), 'utf8').matchAll(/["(]([a-zA-Z]\w{2,30})[")]/g))
          words.add(word);
  };
  visit(join(root, 'native'));
  writeFileSync(file, [...words].map((word) => `"\\x${word.length.toString(16).padStart(2, '0')}${word}"\n`).join(''));
}

const environment = {
  ...process.env,
  // Memory that is not there is an Error of the engine's.
  ASAN_OPTIONS: 'allocator_may_return_null=1:detect_stack_use_after_return=0',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  LSAN_OPTIONS: `suppressions=${join(root, 'test/support/lsan.supp')}`,
};

function fuzz(name) {
  const program = join(root, engine, `gemmfit_fuzz_${name}`);
  const [seeds, work, merged] = ['seeds', 'work', 'merged'].map((part) => join(folder, part, name));
  for (const each of [work, merged]) rmSync(each, { recursive: true, force: true });
  unpack(name, work);
  cpSync(seeds, work, { recursive: true });
  mkdirSync(merged, { recursive: true });
  const limits = ['-rss_limit_mb=4096', '-timeout=20', '-max_len=4096', '-verbosity=0', `-artifact_prefix=${folder}/${name}-`];
  const seconds = Math.round(60 * Number(values.minutes));
  const search = [
    ...limits,
    `-dict=${join(folder, 'words')}`,
    '-use_value_profile=1',
    `-max_total_time=${seconds}`,
    '-print_final_stats=1',
  ];
  if (status(program, [...search, work], { env: environment }) !== 0) return false;
  if (status(program, [...limits, '-merge=1', merged, work], { env: environment }) !== 0) return false;
  console.log(`fuzz: ${name}: ${values.minutes} minutes, no finding; ${pack(name, merged)} members in its corpus`);
  return true;
}

main('fuzz', () => {
  const unknown = values.only.find((name) => !targets.includes(name));
  if (unknown) throw new Failure(`--only is one of ${targets.join(', ')}. Received: ${unknown}`);
  build();
  run(process.execPath, [join(root, 'native/test/fuzz/seeds.mjs'), join(folder, 'seeds')]);
  dictionary(join(folder, 'words'));
  const failed = values.only.filter((name) => {
    buildTarget(engine, `gemmfit_fuzz_${name}`, { quiet: true });
    return !fuzz(name);
  });
  if (failed.length) throw new Failure(`findings of ${failed.join(', ')} are in ${folder}`);
});
