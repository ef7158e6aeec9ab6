import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { addon } from '../../lib/engine/addon.js';

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
  ['Network', 'Network'],
] as const)
  it(`class ${exported} has exactly the members declared`, () => {
    const prototype = addon[exported].prototype as object;
    const own = Object.getOwnPropertyNames(prototype).filter((n) => n !== 'constructor');
    expect(own.sort()).toEqual(members(declared));
  });

it('native calls refuse what is not described, without crashing', () => {
  const wrong = [undefined, null, 42, 'x', {}, [], () => 1, new Float32Array(3), { ops: [{ op: 'nothing' }] }, { ops: 3 }];
  for (const a of wrong)
    for (const b of wrong) {
      // biome-ignore lint/suspicious/noExplicitAny: every type is tried
      const call = (f: (...args: any[]) => unknown) => {
        try {
          f(a, b, b);
        } catch (error) {
          expect((error as Error & { code?: string }).code ?? (error as Error).name).toBeTruthy();
        }
      };
      // biome-ignore lint/suspicious/noExplicitAny: every type is tried
      const any = addon as any;
      call((...args) => new any.Variable(...args));
      call((...args) => new any.Feed(...args));
      call((...args) => new any.Network(...args));
      call((...args) => any.firstOutside(...args));
      call((...args) => any.randomFill(...args));
      call((...args) => any.orthogonal(...args));
    }
  expect(new addon.Variable([2]).size).toBe(2);
});

it('every declaration of the contract is documented', () => {
  const bare = source.statements.filter((s) => (ts.isClassDeclaration(s) || ts.isTypeAliasDeclaration(s)) && !documented(s));
  expect(bare.map((s) => s.getText().slice(0, 40))).toEqual([]);
});
