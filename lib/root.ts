import { join } from 'node:path';

/** The package's folder, seen from lib/ and from the bundle in dist/ alike. */
export const root = join(__dirname, '..');
