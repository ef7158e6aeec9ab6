// What the machine and the process are, as far as Node and the system's files tell.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, homedir, release, totalmem } from 'node:os';

/** The machine that a program runs on. */
export interface MachineFacts {
  /** `process.platform` and `process.arch`: `'linux-x64'`. */
  platform: string;
  /** Release of the kernel. */
  kernel: string;
  /** `'glibc 2.36'`, `'musl'`, or null where there is neither. */
  libc: string | null;
  /** The processor's name; null where the system does not tell. */
  cpu: string | null;
  /** Instruction sets that matter for arithmetic, as the system names them; empty where it does not tell. */
  cpuFeatures: string[];
  /** Hardware threads of the machine, and those that this process may use. */
  hardwareThreads: number;
  allowedThreads: number;
  /** Processors that a container is held to, such as 1.5; null where there is no limit or none is known. */
  cpuLimit: number | null;
  /** Bytes of memory, and the limit of a container or null. */
  memory: number;
  memoryLimit: number | null;
}

const wanted =
  /^(sse4_2|avx|f16c|fma|bmi2|avx2|avx_vnni|avx512(f|bw|cd|dq|vl|_vnni|_bf16|_fp16)|amx_(tile|bf16|int8)|asimd|asimdhp|asimddp|fphp|sve|sve2|bf16|i8mm|svebf16|sme|FEAT_(BF16|FP16|I8MM|DotProd|SME2?))$/;

/** The file's text; '' where it cannot be read. */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What `sysctl` prints on macOS; '' where it fails. */
function sysctl(...names: string[]): string {
  try {
    return execFileSync('sysctl', names, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 2000 });
  } catch {
    return '';
  }
}

function cpuFeatures(): string[] {
  if (process.platform === 'linux') {
    const line = /^(?:flags|Features)\s*:(.*)$/m.exec(text('/proc/cpuinfo'))?.[1] ?? '';
    return line.split(/\s+/).filter((name) => wanted.test(name));
  }
  if (process.platform !== 'darwin') return [];
  const intel = sysctl('-n', 'machdep.cpu.features', 'machdep.cpu.leaf7_features').toLowerCase().split(/\s+/);
  const arm = [...sysctl('hw.optional.arm').matchAll(/\.(FEAT_\w+): 1/g)].map((match) => match[1]);
  return [...intel.map((name) => (name === 'avx1.0' ? 'avx' : name)), ...arm].filter((name) => wanted.test(name));
}

interface Report {
  header: { glibcVersionRuntime?: string };
  sharedObjects: string[];
}

/** Node's report on itself, without its look at the network, which may take seconds. */
function report(): Report {
  const source = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = source.excludeNetwork;
  source.excludeNetwork = true;
  try {
    return source.getReport() as unknown as Report;
  } finally {
    source.excludeNetwork = before;
  }
}

function libc(): string | null {
  if (process.platform !== 'linux') return null;
  const { header, sharedObjects } = report();
  if (header.glibcVersionRuntime) return `glibc ${header.glibcVersionRuntime}`;
  return sharedObjects.some((file) => /musl/.test(file)) ? 'musl' : null;
}

/** The limit of a Linux container: version 2 of control groups. */
function cpuLimit(): number | null {
  const [quota, period] = text('/sys/fs/cgroup/cpu.max').split(/\s+/).map(Number);
  return quota > 0 && period > 0 ? quota / period : null;
}

function memoryLimit(): number | null {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < totalmem() ? limit : null;
}

export function machineFacts(): MachineFacts {
  const processors = cpus();
  return {
    platform: `${process.platform}-${process.arch}`,
    kernel: release(),
    libc: libc(),
    cpu: processors[0]?.model.trim() || null,
    cpuFeatures: cpuFeatures(),
    hardwareThreads: processors.length,
    allowedThreads: availableParallelism(),
    cpuLimit: cpuLimit(),
    memory: totalmem(),
    memoryLimit: memoryLimit(),
  };
}

/** Files of the native engine and of BLAS that are loaded, with the home folder shortened to `~`. */
export function loadedLibraries(): string[] {
  const home = homedir();
  return report()
    .sharedObjects.filter((file) =>
      /gemmfit[^/\\]*\.node$|blas|libgomp|libhwy|Accelerate\.framework\/(?:\w+\/)*Accelerate$/i.test(file),
    )
    .map((file) => (home.length > 1 && file.startsWith(home) ? `~${file.slice(home.length)}` : file));
}

/** Settings in the environment that change how the engine or BLAS work. */
export function relevantEnvironment(): Record<string, string> {
  const names = Object.keys(process.env).filter((name) => /^(GEMMFIT|OPENBLAS|GOTO|OMP|MKL|VECLIB|BLIS)_/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, process.env[name] as string]));
}
