import { createRequire } from 'node:module';
import type { Binding } from '../../binding.js';
import { type BinaryName, binaries, firstLine, open } from '../binaries.js';
import { RuntimeError, ValueError } from '../errors.js';

export type { DataArray, NativeVariable, RunResult, Totals } from '../../binding.js';

/** Version of Node-API that the binaries are built for. Loading one into a Node without it would end the process. */
const napi = 8;

/** The C library of a Linux: `process.report` names glibc's version, and says nothing of musl. */
function libc(): 'glibc' | 'musl' {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  // Names of network addresses are part of a report otherwise, and to look them up may take seconds.
  report.excludeNetwork = true;
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = before;
  return header.glibcVersionRuntime ? 'glibc' : 'musl';
}

function system(): string {
  const { platform, arch } = process;
  return platform === 'linux' ? `${platform}-${arch}-${libc()}` : `${platform}-${arch}`;
}

function failure(what: string, code: string): RuntimeError {
  return new RuntimeError(
    `gemmfit's native engine could not be loaded: ${what}\nTo build it from source: npm explore gemmfit -- npm run build`,
    code,
  );
}

/** The one place that loads the native binary: an explicit path, what was built here from source, or the prebuilt one for this system. */
function load(): Binding {
  const has = Number(process.versions.napi);
  if (!(has >= napi))
    throw new RuntimeError(
      `gemmfit needs Node-API ${napi}, which Node has from version 20 on. Received: Node-API ${process.versions.napi} of ${process.version}`,
      'ERR_NODE_API',
    );
  const explicit = process.env.GEMMFIT_ADDON_PATH;
  if (explicit) {
    try {
      return createRequire(__filename)(explicit) as Binding;
    } catch (error) {
      throw failure(`GEMMFIT_ADDON_PATH is ${explicit}: ${firstLine(error)}`, 'ERR_NO_BINARY');
    }
  }
  const tried: string[] = [];
  const attempt = (name: BinaryName): Binding | undefined => {
    try {
      return open(name);
    } catch (error) {
      tried.push(firstLine(error));
      return undefined;
    }
  };
  const built = attempt('build');
  if (built) return built;
  const name = system();
  if (!Object.hasOwn(binaries, name)) tried.push(`prebuilds/: none is made for ${name}`);
  const prebuilt = Object.hasOwn(binaries, name) ? attempt(name as BinaryName) : undefined;
  if (prebuilt) return prebuilt;
  throw failure(`no binary fits ${name} (Node ${process.version}). Looked for:\n  ${tried.join('\n  ')}`, 'ERR_NO_BINARY');
}

export const addon: Binding = load();
addon.setErrorClasses(ValueError, RuntimeError);
// Settings of the environment that mean nothing are refused now, not in the middle of the first training.
addon.info();
