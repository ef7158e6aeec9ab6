/**
 * What a report of a problem needs to say about the machine and the engine: `gemmfit/diagnose`, and `npx gemmfit doctor` on the command line.
 * @module
 */
import { loadedLibraries, type MachineFacts, machineFacts, relevantEnvironment } from './diagnose/machine.js';
import { type SelfTest, selfTest } from './diagnose/self_test.js';
import { checkBoolean, checkNumber, readOptions } from './options.js';

export type { MachineFacts } from './diagnose/machine.js';
export type { SelfTest } from './diagnose/self_test.js';

/** Options of {@link diagnose}. */
export interface DiagnoseOptions {
  /** Whether the engine is tried: does it compute what it should, and how fast. Default true. */
  selfTest?: boolean;
  /** How long training is timed, and then random stacks of layers are tried, 0 to 60. Default 1. */
  seconds?: number;
}

/** The native engine that was loaded. */
export interface EngineFacts {
  /** BLAS, its version and settings, and the core it chose. */
  blas: string;
  /** What multiplies matrices of float32, by GEMMFIT_GEMM in the environment. */
  gemm: 'auto' | 'openblas' | 'own';
  /** Instructions that the engine's own kernels use. */
  simd: string;
  /** How `'mixed_bfloat16'` multiplies. */
  bfloat16: 'AMX' | 'AVX512_BF16' | 'emulated';
  /** Threads that training and prediction may use. */
  threads: number;
  /** Files of the engine and of BLAS that are loaded, the home folder written as `~`. */
  libraries: string[];
}

/** What {@link diagnose} finds. It can be written as JSON. */
export interface Diagnosis {
  /** The engine was loaded and, where it was tried, computes what it should. */
  ok: boolean;
  /** Why not; null where all is well. */
  problem: string | null;
  /** Versions: of Node.js as `process.versions` has them, and of this package (null where it could not be loaded). */
  versions: { gemmfit: string | null; node: string; napi: string; v8: string; electron: string | null };
  machine: MachineFacts;
  /** null where the engine could not be loaded. */
  engine: EngineFacts | null;
  /** Variables of the environment that change how the engine or BLAS work. */
  environment: Record<string, string>;
  /** null where it was not wanted or not possible. */
  selfTest: SelfTest | null;
}

/**
 * Looks at the machine, loads the engine and tries it. Rejects for wrong options only: whatever else fails is told in `problem`.
 * The self-test draws random seeds, and trains on one thread and on all: call `setRandomSeed` after it, not before, and let no model train meanwhile.
 *
 * @throws TypeError for an unknown option; ValueError ERR_OUT_OF_RANGE for `seconds` outside 0 to 60
 * @example
 * import { diagnose, formatDiagnosis } from 'gemmfit/diagnose';
 *
 * const diagnosis = await diagnose({ seconds: 0.2 });
 * console.log(formatDiagnosis(diagnosis));
 * if (!diagnosis.ok) process.exitCode = 1;
 */
export async function diagnose(options?: DiagnoseOptions): Promise<Diagnosis> {
  const o = readOptions('diagnose', options, { selfTest: true, seconds: 1 });
  const wanted = checkBoolean('diagnose', 'selfTest', o.selfTest);
  const seconds = checkNumber('diagnose', 'seconds', o.seconds, { min: 0, max: 60 });
  const { node, napi, v8, electron = null } = process.versions as NodeJS.ProcessVersions & { electron?: string };
  const found: Diagnosis = {
    ok: false,
    problem: null,
    versions: { gemmfit: null, node, napi: napi ?? 'none', v8, electron },
    machine: machineFacts(),
    engine: null,
    environment: relevantEnvironment(),
    selfTest: null,
  };
  try {
    // Here, and not above: an engine that cannot be loaded is what there is to tell.
    const gemmfit = await import('./index.js');
    const { blas, gemm, simd, bfloat16, threads } = gemmfit.version;
    found.versions.gemmfit = gemmfit.version.gemmfit;
    found.engine = { blas, gemm, simd, bfloat16, threads, libraries: loadedLibraries() };
    if (wanted) found.selfTest = await selfTest(gemmfit, seconds);
    found.ok = found.selfTest?.ok ?? true;
    const [failed] = found.selfTest?.failedStacks ?? [];
    if (failed) found.problem = `a random stack failed: ${failed}`;
    else if (!found.ok) found.problem = 'the engine computes something else than plain JavaScript does';
  } catch (error) {
    found.problem = error instanceof Error ? error.message : String(error);
  }
  return found;
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const unknown = 'not told by the system';

function describeMachine({ machine: m, versions: v }: Diagnosis): [string, string][] {
  const limit = m.cpuLimit === null ? '' : `, held to ${m.cpuLimit} processors`;
  return [
    ['gemmfit', v.gemmfit ?? 'not loaded'],
    ['node', `${v.node} (Node-API ${v.napi}, V8 ${v.v8}${v.electron ? `, Electron ${v.electron}` : ''})`],
    ['platform', [m.platform, m.libc, `kernel ${m.kernel}`].filter(Boolean).join(', ')],
    ['processor', m.cpu ?? unknown],
    ['features', m.cpuFeatures.join(' ') || unknown],
    ['hardware', `${m.hardwareThreads} threads, ${m.allowedThreads} allowed${limit}`],
    ['memory', m.memoryLimit === null ? gibibytes(m.memory) : `${gibibytes(m.memory)}, held to ${gibibytes(m.memoryLimit)}`],
  ];
}

function describeEngine({ engine, selfTest: test }: Diagnosis): [string, string][] {
  if (!engine) return [];
  const rows: [string, string][] = [
    ['BLAS', engine.blas],
    ['products', engine.gemm],
    ['kernels', `${engine.simd}, bfloat16 ${engine.bfloat16}`],
    ['threads', String(engine.threads)],
    ...engine.libraries.map((file): [string, string] => ['library', file]),
  ];
  if (!test) return rows;
  const differences = `differences: ${test.predictError.toExponential(1)} predicting, ${test.trainError.toExponential(1)} training`;
  return [
    ...rows,
    ['self-test', `${test.ok ? 'right' : 'WRONG'} (${differences})`],
    ['stacks', `${test.stacks} random ones trained on one thread and on ${engine.threads}: ${test.failedStacks.length} failed`],
    ['speed', `${test.gflops.toFixed(1)} GFLOP/s, ${Math.round(test.samplesPerSecond)} samples a second of 512-512-512`],
  ];
}

/**
 * A diagnosis as lines of text: what `npx gemmfit doctor` prints.
 * @example
 * import { diagnose, formatDiagnosis } from 'gemmfit/diagnose';
 *
 * console.log(formatDiagnosis(await diagnose({ selfTest: false })));
 */
export function formatDiagnosis(diagnosis: Diagnosis): string {
  const rows = [
    ...describeMachine(diagnosis),
    ...describeEngine(diagnosis),
    ...Object.entries(diagnosis.environment).map(([name, value]): [string, string] => ['set', `${name}=${value}`]),
    ['result', diagnosis.ok ? 'ok' : `PROBLEM: ${diagnosis.problem}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(10)} ${value}`).join('\n');
}
