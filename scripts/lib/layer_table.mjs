// The table of docs/layers.md. Nothing in it is typed in: names come from the registry, what a layer is and takes from its class's comment,
// and what becomes of a mask from trying the layer that the comment's example makes.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from './shell.mjs';

/** By class name: what the comment of the class says, `{ about, input, example }`; `input` is a shape in words, such as `[steps, features]`. */
export function readComments() {
  const ts = createRequire(join(root, 'package.json'))('typescript');
  const found = new Map();
  for (const file of readdirSync(join(root, 'lib/layers'))) {
    const source = ts.createSourceFile(file, readFileSync(join(root, 'lib/layers', file), 'utf8'), ts.ScriptTarget.Latest, true);
    for (const node of source.statements.filter(ts.isClassDeclaration)) {
      const name = node.members.find((member) => member.name?.text === 'className')?.initializer?.text;
      const comment = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc);
      if (!name || !comment) continue;
      const text = ts
        .getTextOfJSDocComment(comment.comment)
        .replace(/\{@link (\w+)\}/g, '$1')
        .replace(/\s+/g, ' ');
      const example = comment.tags?.find((tag) => tag.tagName.text === 'example');
      found.set(name, {
        about: text.match(/^.*?\.(?= |$)/)?.[0],
        input: text.match(/\bInput[^`.]*`(\[[^`]*\])`/)?.[1],
        example: example && ts.getTextOfJSDocComment(example.comment),
      });
    }
  }
  return found;
}

/** The first layer of this class that the example makes, and of what shape its input is: as the comment says, in numbers. */
export function tryLayer(gemmfit, layerClass, { input = '[...]', example }) {
  let made;
  class Traced extends layerClass {
    constructor(options) {
      super(options);
      made ??= this;
    }
  }
  const { className } = layerClass;
  const names = Object.keys(gemmfit.layers).filter((name) => name.toLowerCase() === className.toLowerCase());
  const factory = (options) => new Traced(options);
  const traced = Object.fromEntries(names.map((name) => [name, gemmfit.layers[name] === layerClass ? Traced : factory]));
  const known = { ...gemmfit, layers: { ...gemmfit.layers, ...traced }, input: (options) => gemmfit.input(options) };
  if (className === 'InputLayer') known.input = factory;
  new Function(...Object.keys(known), 'x', example)(...Object.values(known), gemmfit.array(new Float32Array(48), [2, 24]));
  if (!made) throw new Error(`the example of ${className} makes none: ${example}`);
  const options = made.getConfig();
  // A recurrent layer that gives its last step alone has no steps to mask.
  if ('returnSequences' in options) options.returnSequences = true;
  const make = () => new layerClass(options);
  return { make, shapes: shapesOf(input, made.batchInputShape) };
}

/** Every shape that the words may stand for: `...` for up to three axes more. */
function shapesOf(words, given) {
  const axes = words.slice(1, -1).split(', ').filter(Boolean);
  const counts = axes.includes('...') ? [0, 1, 2, 3] : [0];
  if (given) return [given.slice(1).map((size) => size ?? 24)];
  return counts.map((n) => axes.flatMap((axis) => (axis === '...' ? Array(n).fill(24) : [24])));
}

/** Whether the loss leaves out the second half of the steps, where the layers were given an input that masks it. */
async function masksSteps(gemmfit, layers, x) {
  const model = gemmfit.sequential(layers);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const { shape, data } = model.predictSync(x);
  if (shape.length < 3) return false;
  // Off by a half in the second half of the steps, within what a softmax may give.
  const off = data.map((v, i) => (i < data.length / 2 ? v : v > 0.5 ? v - 0.5 : v + 0.5));
  const right = await model.testOnBatch(x, gemmfit.array(data, shape));
  const loss = await model.testOnBatch(x, gemmfit.array(off, shape));
  model.dispose();
  return loss - right < 0.01;
}

/** What becomes of a mask of steps: the layer makes one, passes it on or ends it. Empty where its input has no steps. */
async function maskOf(gemmfit, { make, shapes }) {
  const layer = make();
  // It stands first, and sees data that nothing has masked.
  if ('takes' in layer) return '';
  const least = 'maskZero' in layer ? 1 : 2;
  const shape = shapes.find((s) => s.length >= least && accepts(layer, s));
  if (!shape) return '';
  const skipped = layer.maskValue ?? 0;
  const batch = (sizes) => {
    const size = sizes.reduce((a, b) => a * b, 1);
    return gemmfit.array(
      new Float32Array(size).map((_, i) => (i < size / 2 ? 1 : skipped)),
      [1, ...sizes],
    );
  };
  if (await masksSteps(gemmfit, [layer], batch(shape))) return 'makes one';
  const [steps, ...rest] = shape;
  const flat = [steps, rest.reduce((a, b) => a * b, 1)];
  const { masking, timeDistributed, reshape } = gemmfit.layers;
  const front = [masking({ maskValue: skipped, inputShape: flat })];
  // Masking would tell the cells of an image apart; a mask here has one number a step.
  if (rest.length > 1) front.push(timeDistributed({ layer: reshape({ targetShape: rest }) }));
  return (await masksSteps(gemmfit, [...front, make()], batch(flat))) ? 'passes' : 'ends';
}

export function accepts(layer, shape) {
  try {
    layer.computeOutputShape(shape);
    return true;
  } catch {
    return false;
  }
}

export const layerClasses = ({ layers }) => [
  ...new Set(Object.values(layers).filter((entry) => 'className' in entry && entry !== layers.Layer)),
];

/** The section's lines. */
export async function layerTable(gemmfit) {
  const comments = readComments();
  const rows = [];
  for (const layerClass of layerClasses(gemmfit)) {
    const { className } = layerClass;
    const comment = comments.get(className);
    if (!comment?.about || !comment.example)
      throw new Error(`the class ${className} needs a comment with a sentence and an example`);
    const mask = await maskOf(gemmfit, tryLayer(gemmfit, layerClass, comment));
    const input = comment.input ? `\`${comment.input}\`` : 'any';
    rows.push(`| ${[className, comment.about, input, mask].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  }
  return ['| Layer | What it does | Input | Mask |', '|---|---|---|---|', ...rows];
}
