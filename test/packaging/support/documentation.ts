// What the compiler knows of the public names: their comments, and the examples in them.
import { join, relative } from 'node:path';
import ts from 'typescript';

export const root = join(__dirname, '../../..');
export const entries = { gemmfit: join(root, 'lib/index.ts'), 'gemmfit/diagnose': join(root, 'lib/diagnose.ts') };

/** Options of the project's own files, with the package's names resolved to them. */
export function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  return { ...options, noEmit: true, rootDir: undefined, outDir: undefined, declaration: false };
}

/** A public name as users write it, such as `layers.Dense`, with where it is made and what its comment says. */
export interface PublicName {
  name: string;
  kind: 'value' | 'type';
  where: string;
  summary: string;
  examples: number;
}

const textOf = (parts: ts.SymbolDisplayPart[] | undefined) => ts.displayPartsToString(parts).trim();

function describe(checker: ts.TypeChecker, name: string, symbol: ts.Symbol, kind: PublicName['kind']): PublicName {
  const [declaration] = symbol.declarations ?? [];
  const file = declaration?.getSourceFile();
  const line = file ? file.getLineAndCharacterOfPosition(declaration.getStart()).line + 1 : 0;
  return {
    name,
    kind,
    where: file ? `${relative(root, file.fileName)}:${line}` : '',
    summary: textOf(symbol.getDocumentationComment(checker)),
    examples: symbol.getJsDocTags(checker).filter((tag) => tag.name === 'example').length,
  };
}

/** Follows `export { a } from` and the shorthand of a table to what is meant. */
function target(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  if (symbol.flags & ts.SymbolFlags.Alias) return target(checker, checker.getAliasedSymbol(symbol));
  return symbol;
}

/** The class that a property of a table holds; undefined for factories and other values. */
function classIn(checker: ts.TypeChecker, property: ts.Symbol, at: ts.Node): ts.Symbol | undefined {
  const resolved = target(checker, property);
  if (resolved.flags & ts.SymbolFlags.Class) return resolved;
  const { symbol } = checker.getTypeOfSymbolAtLocation(resolved, at);
  return symbol && symbol.flags & ts.SymbolFlags.Class ? symbol : undefined;
}

/** Every public name: what the entries export, and the classes of tables such as `layers`. */
export function publicNames(): PublicName[] {
  const program = ts.createProgram(Object.values(entries), compilerOptions());
  const checker = program.getTypeChecker();
  const names: PublicName[] = [];
  for (const path of Object.values(entries)) {
    const file = program.getSourceFile(path) as ts.SourceFile;
    const module = checker.getSymbolAtLocation(file) as ts.Symbol;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = target(checker, exported);
      const value = (symbol.flags & ts.SymbolFlags.Value) !== 0;
      const isModule = (symbol.flags & ts.SymbolFlags.ValueModule) !== 0;
      names.push(
        isModule ? describeModule(checker, exported) : describe(checker, exported.name, symbol, value ? 'value' : 'type'),
      );
      if (!value || symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Function)) continue;
      const members = isModule
        ? checker.getExportsOfModule(symbol)
        : checker.getPropertiesOfType(checker.getTypeOfSymbolAtLocation(symbol, file));
      for (const member of members) {
        const found = classIn(checker, member, file);
        if (found) names.push(describe(checker, `${exported.name}.${member.name}`, found, 'value'));
      }
    }
  }
  return names;
}

/** The comment at an `export * as name`: that of a table which is a module. */
function describeModule(checker: ts.TypeChecker, exported: ts.Symbol): PublicName {
  let symbol = exported;
  while (symbol.flags & ts.SymbolFlags.Alias) {
    const [declaration] = symbol.declarations ?? [];
    if (declaration && ts.isNamespaceExport(declaration)) {
      const statement = declaration.parent;
      const docs = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc);
      const file = statement.getSourceFile();
      return {
        name: exported.name,
        kind: 'value',
        where: `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(statement.getStart()).line + 1}`,
        summary: docs.map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? '').join(''),
        examples: docs.flatMap((doc) => doc.tags ?? []).filter((tag) => tag.tagName.text === 'example').length,
      };
    }
    symbol = checker.getImmediateAliasedSymbol(symbol) as ts.Symbol;
  }
  return describe(checker, exported.name, symbol, 'value');
}

/** Code that a comment or a page shows, and the line it starts at. */
export interface Example {
  file: string;
  line: number;
  code: string;
}

const fence = /^([ \t]*)```(?:ts|typescript|js|javascript)\n([\s\S]*?)^\1```/gm;

/** Code blocks of a Markdown page. */
export function blocksOf(file: string, text: string): Example[] {
  return [...text.matchAll(fence)].map((match) => ({
    file,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: match[2],
  }));
}

/** The examples in the comments of a source file: what follows `@example`, or the code block in it. */
export function examplesOf(file: string, text: string): Example[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Example[] = [];
  const seen = new Set<number>();
  const visit = (node: ts.Node) => {
    for (const tag of ts.getJSDocTags(node)) {
      if (tag.tagName.text !== 'example' || seen.has(tag.pos)) continue;
      seen.add(tag.pos);
      const comment = ts.getTextOfJSDocComment(tag.comment) ?? '';
      // Where nothing follows the tag, the example begins on the next line.
      const alone = /^@example[ \t]*$/m.test(text.slice(tag.pos, text.indexOf('\n', tag.pos)));
      const line = source.getLineAndCharacterOfPosition(tag.pos).line + (alone ? 2 : 1);
      const blocks = blocksOf(file, comment);
      if (blocks.length) found.push(...blocks.map((block) => ({ ...block, line: line + block.line - 1 })));
      else found.push({ file, line, code: comment });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
