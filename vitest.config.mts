import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      // What dist/ loads when it is needed is in the sources an import as any other: `require` does not read them.
      name: 'lazy',
      transform: (code, id) => {
        const [, source] = /lib\/(?:\w+\/)?lazy\.ts$/.test(id) ? (/import\('(\S+)'\)/.exec(code) ?? []) : [];
        return source ? `import * as all from '${source}';\n${code.replace("require('./files.js')", 'all')}` : null;
      },
      enforce: 'pre',
    },
  ],
  test: {
    include: ['test/**/*.test.{ts,mjs}'],
    // A process a file: the addon keeps one pool of threads and one random state a process, and a crash must not end the run.
    pool: 'forks',
    // Tests of memory collect garbage themselves.
    execArgv: ['--expose-gc'],
    // biome's rule against a focused test is off, since it takes every fit(...) for one.
    allowOnly: !process.env.CI,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
