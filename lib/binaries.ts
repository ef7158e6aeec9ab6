import { join } from 'node:path';
import type { Binding } from '../binding.js';

/** Where the binaries are, by name. Paths as they are seen from lib/ and from the bundles in dist/ alike. */
export const binaries = {
  build: '../build/Release/gemmfit.node',
  'linux-x64-glibc': '../prebuilds/linux-x64/gemmfit.glibc.node',
  'linux-x64-musl': '../prebuilds/linux-x64/gemmfit.musl.node',
  'linux-arm64-glibc': '../prebuilds/linux-arm64/gemmfit.glibc.node',
  'linux-arm64-musl': '../prebuilds/linux-arm64/gemmfit.musl.node',
  'darwin-x64': '../prebuilds/darwin-x64/gemmfit.node',
  'darwin-arm64': '../prebuilds/darwin-arm64/gemmfit.node',
  'win32-x64': '../prebuilds/win32-x64/gemmfit.node',
  'win32-arm64': '../prebuilds/win32-arm64/gemmfit.node',
} as const;

export type BinaryName = keyof typeof binaries;

/** Loads a binary. Bundlers follow only paths that stand in the call, and let a file be missing only where the call stands in a `try`. */
export function open(name: BinaryName): Binding {
  try {
    if (name === 'build') return require('../build/Release/gemmfit.node');
    if (name === 'linux-x64-glibc') return require('../prebuilds/linux-x64/gemmfit.glibc.node');
    if (name === 'linux-x64-musl') return require('../prebuilds/linux-x64/gemmfit.musl.node');
    if (name === 'linux-arm64-glibc') return require('../prebuilds/linux-arm64/gemmfit.glibc.node');
    if (name === 'linux-arm64-musl') return require('../prebuilds/linux-arm64/gemmfit.musl.node');
    if (name === 'darwin-x64') return require('../prebuilds/darwin-x64/gemmfit.node');
    if (name === 'darwin-arm64') return require('../prebuilds/darwin-arm64/gemmfit.node');
    if (name === 'win32-x64') return require('../prebuilds/win32-x64/gemmfit.node');
    return require('../prebuilds/win32-arm64/gemmfit.node');
  } catch (error) {
    // In the message alone: Node adds the stack of requires, which says nothing to users.
    const why = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND' ? 'no such file' : firstLine(error);
    throw new Error(`${join(__dirname, binaries[name])}: ${why}`);
  }
}

export const firstLine = (error: unknown): string => String((error as Error)?.message ?? error).split('\n')[0] as string;
