import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const workloads = JSON.parse(readFileSync(new URL('../workloads.json', import.meta.url), 'utf8'));
export const benchFolder = fileURLToPath(new URL('..', import.meta.url));
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const cacheFolder = fileURLToPath(new URL('../.cache', import.meta.url));
/** Where the peers are installed: some gigabytes, kept from run to run. */
export const peersFolder = process.env.GEMMFIT_PEERS ?? fileURLToPath(new URL('../.peers', import.meta.url));
