// What a binary says of itself, by the tools of the system that it is for.
import { run } from '../lib/shell.mjs';

const lines = (program, args) => run(program, args, { quiet: true }).split('\n');
const unique = (list) => [...new Set(list)];

function elf(file) {
  const dynamic = lines('readelf', ['-W', '-d', file]);
  const symbols = lines('readelf', ['-W', '--dyn-syms', file]).map((line) => line.trim().split(/\s+/));
  const header = lines('readelf', ['-h', file]).join('\n');
  return {
    // Columns: number, value, size, type, binding, visibility, section, name.
    exports: symbols
      .filter((s) => /^\d+:$/.test(s[0]) && s[7] && s[6] !== 'UND' && s[4] !== 'LOCAL')
      .map((s) => s[7].split('@')[0]),
    libraries: dynamic.flatMap((line) => line.match(/\(NEEDED\).*\[(.*)\]/)?.[1] ?? []),
    machine: /X86-64/.test(header) ? 'x64' : /AArch64/.test(header) ? 'arm64' : 'another machine',
    versions: unique(
      lines('readelf', ['-W', '-V', file]).flatMap((line) => [...line.matchAll(/GLIBC_([\d.]+)/g)].map((m) => m[1])),
    ),
    flags: dynamic.filter((line) => line.includes('FLAGS')).join(' '),
  };
}

function machO(file) {
  const name = run('lipo', ['-archs', file], { quiet: true }).trim();
  return {
    exports: lines('nm', ['-gjU', file])
      .filter(Boolean)
      .map((symbol) => symbol.replace(/^_/, '')),
    libraries: lines('otool', ['-L', file])
      .flatMap((line) => line.match(/^\s+(\S+) \(/)?.[1] ?? [])
      .filter((path) => !path.endsWith('.node')),
    machine: { x86_64: 'x64', arm64: 'arm64' }[name] ?? name,
    versions: [],
    flags: '',
  };
}

function pe(file) {
  const text = lines('dumpbin', ['/nologo', '/headers', '/exports', '/dependents', file]);
  return {
    exports: text.flatMap((line) => line.match(/^\s+\d+\s+[0-9A-F]+\s+[0-9A-F]{8}\s+(\S+)/)?.[1] ?? []),
    libraries: text.flatMap((line) => line.match(/^\s+(\S+\.(?:dll|exe))$/i)?.[1] ?? []),
    machine: text.some((line) => /8664 machine/.test(line))
      ? 'x64'
      : text.some((line) => /AA64 machine/.test(line))
        ? 'arm64'
        : 'another machine',
    versions: [],
    flags: '',
  };
}

/** Exported symbols, needed libraries, processor, versions of glibc asked for, and the flags of the dynamic section. */
export const inspect = (file, platform) => ({ linux: elf, darwin: machO, win32: pe })[platform](file);
