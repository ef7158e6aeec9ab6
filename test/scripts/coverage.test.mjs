import { describe, expect, test } from 'vitest';
import { judge, readCoverage, reasonsOf } from '../../scripts/lib/llvm_coverage.mjs';

// What llvm-cov 14 exported of this header, whose template was run as f<1>(1, true, false) and as f<8>(1, false, false):
//   1 template <int N> inline int f(int a, bool b, bool c) {
//   2   if (N > 4) return 1;
//   3   if (b || c) return a;
//   4   return a > 3 ? 5 : 6;
//   5 }
const segments = [
  [1, 54, 2, true, true, false],
  [2, 7, 2, true, true, false],
  [2, 12, 2, true, false, false],
  [2, 13, 1, true, false, true],
  [2, 14, 1, true, true, false],
  [2, 22, 2, true, false, false],
  [2, 23, 1, true, false, true],
  [3, 3, 1, true, true, false],
  [3, 7, 1, true, true, false],
  [3, 8, 1, true, false, false],
  [3, 12, 0, true, true, false],
  [3, 13, 1, true, false, false],
  [3, 15, 1, true, true, false],
  [3, 23, 1, true, false, false],
  [3, 24, 0, true, false, true],
  [4, 3, 0, true, true, false],
  [4, 10, 0, true, true, false],
  [4, 23, 1, true, false, false],
  [5, 2, 0, false, false, false],
];
const ofInstance = (b) => ({
  filenames: ['/a.h'],
  branches: [
    [3, 7, 3, 8, b, 0, 0, 0, 4],
    [3, 12, 3, 13, 0, 0, 0, 0, 4],
    [4, 10, 4, 15, 0, 0, 0, 0, 4],
  ],
});
const exported = (...functions) => ({ data: [{ files: [{ filename: '/a.h', segments }], functions }] });

describe('what clang counted', () => {
  const { lines, branches } = readCoverage(exported(ofInstance(1), ofInstance(0))).get('/a.h');

  test('a line ran where any of its regions did', () => {
    expect([...lines]).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
      [5, true],
    ]);
  });

  test('instances count together, and a condition that is constant has no ways', () => {
    expect(branches).toEqual([
      { line: 3, column: 7, yes: true, no: false },
      { line: 3, column: 12, yes: false, no: false },
      { line: 4, column: 10, yes: false, no: false },
    ]);
  });

  test('lines between two places of which the compiler speaks are those of the first', () => {
    const long = [
      [1, 1, 3, true, true, false],
      [4, 2, 0, false, false, false],
    ];
    const data = [{ files: [{ filename: '/b.h', segments: long }], functions: [] }];
    expect([...readCoverage({ data }).get('/b.h').lines.keys()]).toEqual([1, 2, 3, 4]);
  });
});

describe('reasons', () => {
  const text = [
    'if (a) throw b;  // unreached: a is never so',
    '// unreached: other machines',
    'if (c) {',
    '  d();',
    '',
    '  e();',
    '}',
    'f();',
    '// unreached:',
    'g();',
  ].join('\n');
  const reasons = reasonsOf(text);

  test('speak of their line, or of the block that follows', () => {
    expect([...reasons].map(([line, { why, from }]) => [line, why, from])).toEqual([
      [1, 'a is never so', 1],
      [3, 'other machines', 2],
      [4, 'other machines', 2],
      [5, 'other machines', 2],
      [6, 'other machines', 2],
      [7, 'other machines', 2],
    ]);
  });

  test('count as reached; what has none is missing, and a reason at what is reached is stale', () => {
    const found = readCoverage(exported(ofInstance(1))).get('/a.h');
    const first = judge(found, new Map());
    expect(first.counts).toEqual({ lines: 5, ran: 4, branches: 6, taken: 1, excused: 0 });
    expect(first.missing.map(({ line, what }) => `${line} ${what}`)).toEqual([
      '3 never false',
      '3 never true',
      '3 never false',
      '4 never ran',
      '4 never true',
      '4 never false',
    ]);
    const why = { why: 'why', from: 4 };
    const idle = { why: 'idle', from: 1 };
    const second = judge(
      found,
      new Map([
        [4, why],
        [1, idle],
      ]),
    );
    expect(second.counts).toEqual({ lines: 5, ran: 5, branches: 6, taken: 3, excused: 3 });
    expect(second.missing).toHaveLength(3);
    expect([second.used, second.stale]).toEqual([[why], [idle]]);
  });
});
