// OpenBLAS chooses kernels at run time from a table for each processor, and a table names every kernel of single precision: a linker that sees
// the tables keeps them all, while the engine multiplies matrices alone. Of a static library this leaves the kernels of products and puts one
// function that stops the program in the place of the others, so that a processor costs a fifth of the bytes.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, run } from '../lib/shell.mjs';

// Products, and what kernels of products are made of.
const kept = /^s(gemm|gemv|scal|copy|axpy|dot)_/;
const table = /^gotoblas_[A-Z0-9]+$/;
const kernel = /_[A-Z0-9]+$/;

/** To be raised where this file does something else, so that libraries are built anew. */
export const trimVersion = 'trimmed 1';

/** Members of a static library with the names that each defines and needs. */
function members(file) {
  const found = [];
  for (const line of run('readelf', ['-W', '-s', file], { quiet: true }).split('\n')) {
    const member = line.match(/^File: .*\((.*)\)$/)?.[1];
    if (member) found.push({ member, defines: [], needs: [] });
    // Columns: number, value, size, type, binding, visibility, section, name.
    const [number, , , , binding, , section, name] = line.trim().split(/\s+/);
    if (!name || !/^\d+:$/.test(number) || binding === 'LOCAL') continue;
    found.at(-1)[section === 'UND' ? 'needs' : 'defines'].push(name);
  }
  return found;
}

/** Removes from the library `file` the kernels that only tables need. `tools`: those that made it; `work`: a folder for an object file. */
export function trim(file, tools, work) {
  const all = members(file);
  const tables = all.filter(({ defines }) => defines.some((name) => table.test(name)));
  const dropped = new Set(tables.flatMap(({ needs }) => needs.filter((name) => kernel.test(name) && !kept.test(name))));
  const owners = all.filter(({ defines }) => defines.some((name) => dropped.has(name)));
  const torn = owners.filter(({ defines }) => !defines.every((name) => dropped.has(name)));
  if (!dropped.size || torn.length)
    throw new Failure(`OpenBLAS has no tables of kernels as they were: ${torn.map(({ member }) => member).join(', ')}`);
  const lines = [...dropped].flatMap((name) => [`.globl ${name}`, `.hidden ${name}`, `.set ${name}, not_linked`]);
  const assembly = join(work, 'not_linked.c');
  const object = join(work, 'not_linked.o');
  writeFileSync(
    assembly,
    `__attribute__((used)) static void trap(void) __asm__("not_linked");\nstatic void trap(void) { __builtin_trap(); }\n__asm__(${JSON.stringify(lines.join('\n'))});\n`,
  );
  run(tools.cc, ['-O1', '-fPIC', '-c', assembly, '-o', object], { quiet: true });
  run(tools.ar, ['d', file, ...owners.map(({ member }) => member)], { quiet: true });
  run(tools.ar, ['r', file, object], { quiet: true });
  run(tools.ranlib, [file], { quiet: true });
  rmSync(assembly);
  rmSync(object);
}
