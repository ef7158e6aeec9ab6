// The systems that binaries are made for, and what the libraries inside are told for each.
import { existsSync } from 'node:fs';

// blas: processors for which OpenBLAS's kernels of products go into a binary, besides those that run everywhere. The addon takes products to
// BLAS where it has no kernel of its own: where vectors have four floats. On x64 those are the
// oldest processors, for which OpenBLAS has no kernels of small products: they would weigh and not run.
// zig: evex512 goes with every function that is compiled for AVX-512; Zig takes it away otherwise. Highway's lowest target is scalar code, as
// with gcc 12, and not vectors that are made of it, which clang unrolls to twice the size.
const x64 = {
  cpu: 'x86_64',
  zig: ['-mcpu=baseline+evex512', '-DHWY_BROKEN_EMU128=1'],
  blas: ['TARGET=GENERIC', 'DYNAMIC_LIST=HASWELL ZEN SKYLAKEX COOPERLAKE SAPPHIRERAPIDS', 'SMALL_MATRIX_OPT=0'],
};
const arm64 = { cpu: 'aarch64', zig: [], blas: ['TARGET=ARMV8', 'DYNAMIC_LIST=NEOVERSEN1 NEOVERSEV1'] };

/** Oldest glibc that binaries run with. */
export const glibcFloor = '2.28';

const linux = (arch, libc, machine) => ({
  name: `linux-${arch}-${libc}`,
  platform: 'linux',
  arch,
  libc,
  file: `prebuilds/linux-${arch}/gemmfit.${libc}.node`,
  blas: machine.blas,
  zig: ['-target', `${machine.cpu}-linux-${libc === 'musl' ? 'musl' : `gnu.${glibcFloor}`}`, ...machine.zig],
});
const other = (platform, arch) => ({
  name: `${platform}-${arch}`,
  platform,
  arch,
  file: `prebuilds/${platform}-${arch}/gemmfit.node`,
});

export const targets = [
  linux('x64', 'glibc', x64),
  linux('x64', 'musl', x64),
  linux('arm64', 'glibc', arm64),
  linux('arm64', 'musl', arm64),
  other('darwin', 'x64'),
  other('darwin', 'arm64'),
  other('win32', 'x64'),
  other('win32', 'arm64'),
];

const libc = () => (existsSync('/etc/alpine-release') ? 'musl' : 'glibc');

/** The target that this machine is. */
export const host = targets.find(
  (t) => t.platform === process.platform && t.arch === process.arch && (t.libc === undefined || t.libc === libc()),
);
