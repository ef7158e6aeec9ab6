#!/usr/bin/env node
// npx gemmfit: lib/cli.ts says what it does.
import { createRequire } from 'node:module';

const { main } = createRequire(import.meta.url)('../dist/cli.js');
process.exitCode = await main(process.argv.slice(2));
