import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { addon } from '../../lib/engine/addon.js';
import { ValueError } from '../../lib/index.js';

const file = join(__dirname, '..', '..', 'binding.d.ts');
const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
const find = (name: string) => {
  const node = source.statements.find((s) => (ts.isInterfaceDeclaration(s) || ts.isClassDeclaration(s)) && s.name?.text === name);
  return node as ts.InterfaceDeclaration | ts.ClassDeclaration;
};
const members = (name: string) => [...find(name).members].flatMap((m) => (m.name ? [m.name.getText()] : [])).sort();
const documented = (m: ts.Node) => ts.getJSDocCommentsAndTags(m).length > 0;

// The contract between TypeScript and C++ is a file: what it says and what the binary exports must be the same.
it('the addon exports exactly what binding.d.ts declares', () => {
  expect(Object.keys(addon).sort()).toEqual(members('Binding'));
});

for (const [exported, declared] of [
  ['Variable', 'NativeVariable'],
  ['Feed', 'Feed'],
  ['FeedQueue', 'FeedQueue'],
  ['Network', 'Network'],
] as const)
  it(`class ${exported} has exactly the members declared`, () => {
    const prototype = addon[exported].prototype as object;
    const own = Object.getOwnPropertyNames(prototype).filter((n) => n !== 'constructor');
    expect(own.sort()).toEqual(members(declared));
  });

describe('native calls refuse what is not described, without crashing', () => {
  const wrong = [undefined, null, 42, 'x', {}, [], () => 1, new Float32Array(3), { ops: [{ op: 'nothing' }] }, { ops: 3 }];
  // biome-ignore lint/suspicious/noExplicitAny: every type is tried
  const { Variable, Feed, FeedQueue, Network, ...functions } = addon as any;
  const calls: Record<string, (...args: unknown[]) => unknown> = {
    Variable: (...args) => new Variable(...args),
    Feed: (...args) => new Feed(...args),
    FeedQueue: (...args) => new FeedQueue(...args),
    'FeedQueue.kind': (...args) => new FeedQueue(() => {}).kind(...args),
    'FeedQueue.push': (...args) => new FeedQueue(() => {}).push(...args),
    Network: (...args) => new Network(...args),
    ...Object.fromEntries(
      ['firstOutside', 'firstNotFinite', 'randomFill', 'orthogonal', 'setThreads'].map((name) => [name, functions[name]]),
    ),
  };
  const refusal = expect.objectContaining({ name: 'ValueError', code: 'ERR_SPEC', message: expect.stringMatching(/\w/) });

  it.each(Object.entries(calls))('%s', (_, call) => {
    const { threads } = addon.info();
    for (const a of wrong)
      for (const b of wrong)
        try {
          call(a, b, b);
        } catch (error) {
          expect(error).toEqual(refusal);
        }
    expect(() => call()).toThrow(ValueError);
    addon.setThreads(threads);
  });

  it.each(['first', 'count', 'batch', 'pass', 'passes', 'skip', 'seed'])(
    'a feed whose %s is no whole number up to 2^53',
    (key) => {
      for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, -(2 ** 60), '1'])
        expect(() => new Feed({ x: new Float32Array(8), xSize: 2, [key]: value })).toThrow(refusal);
    },
  );

  it('and then work as before', () => expect(new addon.Variable([2]).size).toBe(2));
});

it('every declaration of the contract is documented, and each of its members', () => {
  const bare: string[] = [];
  const look = (node: ts.Node) => {
    const declares = ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    const isMember = ts.isTypeElement(node) || ts.isClassElement(node);
    if ((declares || isMember) && !documented(node)) bare.push(node.getText().slice(0, 40));
    // What an object written in place holds is the business of the comment before it.
    if (!ts.isTypeLiteralNode(node)) ts.forEachChild(node, look);
  };
  ts.forEachChild(source, look);
  expect(bare).toEqual([]);
});
