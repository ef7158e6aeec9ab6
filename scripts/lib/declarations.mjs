// What tsc leaves to be said in dist's declarations, so that an editor shows it: a factory's documentation is that of the class it makes (a factory of
// layers has no declaration of its own, and mapped types lose comments), and an option may be given as undefined (`exactOptionalPropertyTypes`).
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { root } from './shell.mjs';

/** Rewrites the declarations that belong to dist/index.d.ts. */
export function completeDeclarations() {
  // From the project's own folder, and only when it builds: scripts also run before packages are installed.
  const ts = createRequire(join(root, 'package.json'))('typescript');
  const dist = join(root, 'dist');
  const program = ts.createProgram([join(dist, 'index.d.ts'), join(dist, 'diagnose.d.ts')], {
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  for (const file of program.getSourceFiles()) {
    if (relative(dist, file.fileName).startsWith('..')) continue;
    const edits = editsOf(ts, checker, file);
    if (edits.length === 0) continue;
    let text = readFileSync(file.fileName, 'utf8');
    for (const { from, to, by } of edits.sort((a, b) => b.from - a.from)) text = text.slice(0, from) + by + text.slice(to);
    writeFileSync(file.fileName, text);
  }
}

function editsOf(ts, checker, file) {
  const edits = [];
  const replace = (node, by) => {
    edits.push({ from: node.getStart(file), to: node.end, by });
  };
  const visit = (node) => {
    if (ts.isVariableStatement(node)) {
      const [{ name, type }] = node.declarationList.declarations;
      if (type && ts.isImportTypeNode(type) && type.qualifier?.getText(file) === 'Table') {
        edits.push({ from: node.end, to: node.end, by: typesText(checker, file, name.getText(file), type) });
        return replace(type, tableText(ts, checker, file, type));
      }
      if (type && ts.isFunctionTypeNode(type) && commentsOf(node, file) === '') {
        const comment = commentOfMade(ts, checker, type);
        if (comment) return replace(node, `${comment}\nexport declare function ${methodText(name, type, file)}`);
      }
    }
    if (ts.isPropertySignature(node) && node.type) {
      const comment = ts.isFunctionTypeNode(node.type) && !node.questionToken && !commentsOf(node, file);
      const made = comment && commentOfMade(ts, checker, node.type);
      if (made) return replace(node, `${made}\n    ${methodText(node.name, node.type, file)}`);
      if (node.questionToken) edits.push(...withUndefined(ts, node.type, file));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return edits;
}

const commentsOf = (node, file) => (node.jsDoc ?? []).map((comment) => comment.getText(file)).join('\n');

/** `(options: A) => B` as a method or function, whose comment an editor shows at calls too. */
function methodText(name, type, file) {
  const generic = type.typeParameters ? `<${type.typeParameters.map((p) => p.getText(file)).join(', ')}>` : '';
  return `${name.getText(file)}${generic}(${type.parameters.map((p) => p.getText(file)).join(', ')}): ${type.type.getText(file)};`;
}

/** The comment of the class that a function gives an instance of. */
function commentOfMade(ts, checker, type) {
  return commentOfClass(ts, checker.getTypeFromTypeNode(type.type).symbol);
}

function commentOfClass(ts, symbol) {
  const declaration = symbol?.declarations?.find(ts.isClassDeclaration);
  return declaration ? commentsOf(declaration, declaration.getSourceFile()) : '';
}

/** A table of classes and factories, written out: a class under its own name, a factory with the class's comment and options. */
function tableText(ts, checker, file, type) {
  const properties = checker.getTypeFromTypeNode(type).getProperties();
  return `{\n    ${properties.map((property) => entryText(ts, checker, file, property)).join('\n    ')}\n}`;
}

/** The classes of a table, and their options, as types under its name: `callbacks.EarlyStopping`, `callbacks.EarlyStoppingOptions`. */
function typesText(checker, file, table, type) {
  const types = checker
    .getTypeFromTypeNode(type)
    .getProperties()
    .flatMap((property) => {
      const [made] = checker.getTypeOfSymbolAtLocation(property, file).getConstructSignatures();
      if (!made) return [];
      const { name, declarations } = made.getReturnType().symbol;
      const { exports } = checker.getSymbolAtLocation(declarations[0].getSourceFile());
      const known = [name, `${name}Options`].filter((one) => exports.has(one));
      return known.map((one) => `type ${one} = ${classText(file, { name: one, declarations }).replace(/^typeof /, '')};`);
    });
  return `\nexport declare namespace ${table} {\n    ${types.join('\n    ')}\n}`;
}

function entryText(ts, checker, file, property) {
  const held = checker.getTypeOfSymbolAtLocation(property, file);
  const [made] = held.getConstructSignatures();
  if (made) return `readonly ${property.name}: ${classText(file, made.getReturnType().symbol)};`;
  const { symbol } = held.getCallSignatures()[0].getReturnType();
  const [signature] = checker.getTypeOfSymbolAtLocation(symbol, file).getConstructSignatures();
  const options = signature.getParameters().map(({ name, valueDeclaration }, i) => {
    const optional = valueDeclaration.questionToken ? '?' : '';
    return `${name}${optional}: ConstructorParameters<${classText(file, symbol)}>[${i}]`;
  });
  const instance = classText(file, symbol).replace(/^typeof /, '');
  return `${commentOfClass(ts, symbol)}\n    ${property.name}(${options.join(', ')}): ${instance};`;
}

function classText(file, symbol) {
  const from = symbol.declarations[0].getSourceFile().fileName;
  const path = relative(dirname(file.fileName), from)
    .replaceAll('\\', '/')
    .replace(/\.d\.ts$/, '.js');
  return `typeof import("${path.startsWith('.') ? path : `./${path}`}").${symbol.name}`;
}

/** `| undefined` behind the type of an option. */
function withUndefined(ts, type, file) {
  if (type.kind === ts.SyntaxKind.UndefinedKeyword || type.kind === ts.SyntaxKind.AnyKeyword) return [];
  if (ts.isUnionTypeNode(type)) {
    if (type.types.some((t) => t.kind === ts.SyntaxKind.UndefinedKeyword)) return [];
    return [{ from: type.end, to: type.end, by: ' | undefined' }];
  }
  const simple = !ts.isFunctionTypeNode(type) && !ts.isConditionalTypeNode(type);
  if (simple) return [{ from: type.end, to: type.end, by: ' | undefined' }];
  return [
    { from: type.getStart(file), to: type.getStart(file), by: '(' },
    { from: type.end, to: type.end, by: ') | undefined' },
  ];
}
