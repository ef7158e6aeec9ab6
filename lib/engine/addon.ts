import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Binding } from '../../binding.js';
import { RuntimeError, ValueError } from '../errors.js';
import { root } from '../root.js';

export type { DataArray, NativeVariable, RunResult, Totals } from '../../binding.js';

const here = createRequire(__filename);

/** The one place that loads the native binary: an explicit path, a build of this checkout, or a prebuilt one. */
function load(): Binding {
  const explicit = process.env.GEMMFIT_ADDON_PATH;
  const places = explicit
    ? [explicit]
    : [
        join(root, 'build', 'Release', 'gemmfit.node'),
        join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'gemmfit.node'),
      ];
  const failures: string[] = [];
  for (const place of places) {
    try {
      return here(place) as Binding;
    } catch (error) {
      failures.push(`${place}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new RuntimeError(
    `gemmfit's native engine could not be loaded for ${process.platform}-${process.arch}. Build it from source with: npm run build\nTried:\n  ${failures.join('\n  ')}`,
    'ERR_NO_BINARY',
  );
}

export const addon: Binding = load();
addon.setErrorClasses(ValueError, RuntimeError);
