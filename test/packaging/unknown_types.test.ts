// Nothing that users see in dist's declarations is `unknown`: they are walked through from what the package exports.
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const dist = resolve(import.meta.dirname, '../../dist');

/** Where a type is unknown, and why it may be. */
const exceptions: readonly (readonly [RegExp, string])[] = [
  [/^Config\[\]$/, 'a config holds whatever the part writes into it'],
  [/^on[A-Z]\w+\(\)$/, 'what a hook returns is ignored, so that it may return anything'],
];

/** Places of public types that are unknown: a member as `Owner.member`, a parameter as `owner(name)`, a result as `owner()`. */
function unknownPlaces(entry: string): Set<string> {
  const program = ts.createProgram([entry], {
    strict: true,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const seen = new Set<ts.Type>();
  const found = new Set<string>();
  const isOurs = (declaration: ts.Declaration) => declaration.getSourceFile().fileName.startsWith(`${dist}/`);
  const isHidden = (declaration: ts.Declaration) =>
    (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;

  const visitObject = (type: ts.Type, where: string): void => {
    const symbol = type.aliasSymbol ?? type.symbol;
    if (!symbol?.declarations?.some(isOurs)) return;
    const name = symbol.name.startsWith('__') ? where : symbol.name;
    for (const property of type.getProperties()) {
      const declaration = property.valueDeclaration ?? property.declarations?.[0];
      if (declaration && isOurs(declaration) && !isHidden(declaration))
        visit(checker.getTypeOfSymbol(property), `${name}.${property.name}`);
    }
    for (const index of checker.getIndexInfosOfType(type)) visit(index.type, `${name}[]`);
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.getParameters()) visit(checker.getTypeOfSymbol(parameter), `${name}(${parameter.name})`);
      visit(signature.getReturnType(), `${name}()`);
    }
  };
  const visit = (type: ts.Type, where: string): void => {
    if (type.flags & ts.TypeFlags.Unknown) found.add(where);
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) visit(part, where);
    if (!(type.flags & ts.TypeFlags.Object)) return;
    for (const argument of checker.getTypeArguments(type as ts.TypeReference) ?? []) visit(argument, `${where}<>`);
    // A generic class is looked at once, whatever it is made of: what its methods give may be made of more each time.
    const { target } = type as ts.TypeReference;
    if ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference && target !== type) visit(target, where);
    else visitObject(type, where);
  };

  const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.SourceFile) as ts.Symbol;
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.Value) visit(checker.getTypeOfSymbol(symbol), exported.name);
    if (symbol.flags & ts.SymbolFlags.Type) visit(checker.getDeclaredTypeOfSymbol(symbol), exported.name);
  }
  expect(seen.size).toBeGreaterThan(1000);
  return found;
}

test('nothing public is unknown, but for what has a reason', () => {
  const found = [...unknownPlaces(join(dist, 'index.d.ts'))];
  expect(found.filter((place) => !exceptions.some(([pattern]) => pattern.test(place)))).toEqual([]);
  // An exception that is needed no more goes.
  for (const [pattern, why] of exceptions) expect(found, why).toContainEqual(expect.stringMatching(pattern));
});
