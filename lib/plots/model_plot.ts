import type { Picture, StackRow } from './chart.js';
import { type Plot, type PlotOptions, plotTo } from './plot.js';
import { bytesText, countText } from './stack.js';

/** What a picture of a model tells of a layer. */
export interface LayerPicture {
  name: string;
  className: string;
  depth: number;
  /** Of a sample; null before the layer is built. */
  outputShape: readonly (number | null)[] | null;
  parameters: number | null;
  trainable: boolean;
  /** Such as the activation. */
  detail: string;
}

export interface ModelPicture {
  name: string;
  inputShape: readonly (number | null)[] | null;
  layers: readonly LayerPicture[];
  trainable: number;
  nonTrainable: number;
  optimizerParams: number;
}

const BYTES = 4;

const shapeOf = (shape: readonly (number | null)[]): string => `(${['batch', ...shape.map((d) => d ?? 'any')].join(', ')})`;
/** Of one sample in float32; null where a size hangs on the data. */
function bytesOf(shape: readonly (number | null)[] | null): number | null {
  if (!shape || shape.includes(null)) return null;
  return shape.reduce<number>((n, d) => n * (d as number), BYTES);
}

function rowOf(layer: LayerPicture): StackRow {
  const { outputShape: shape, parameters, trainable, name, className, depth, detail } = layer;
  return {
    ...{ name, kind: className, depth, parameters, trainable, detail },
    shape: shape ? shapeOf(shape) : 'shape not known yet',
    weightBytes: (parameters ?? 0) * BYTES,
    outputBytes: bytesOf(shape),
  };
}

/** The stack of a model: a box a layer, with shapes, parameters and memory. */
export function plotModel(model: ModelPicture, file?: string | URL | null, options?: PlotOptions): Plot {
  const input: StackRow = {
    ...{ name: 'input', kind: '', depth: 0, parameters: 0, trainable: false, weightBytes: 0, detail: '' },
    shape: model.inputShape ? shapeOf(model.inputShape) : 'shape not known yet',
    outputBytes: bytesOf(model.inputShape),
  };
  const rows = model.layers.map(rowOf);
  const total = model.trainable + model.nonTrainable;
  // Inner layers are part of the model that holds them.
  const outputs = rows.filter((row) => row.depth === 0).reduce((sum, row) => sum + (row.outputBytes ?? 0), 0);
  const frozen = model.nonTrainable ? `, ${model.nonTrainable.toLocaleString('en-US')} not trained` : '';
  const kept = model.optimizerParams ? `, optimizer ${bytesText(model.optimizerParams * BYTES)}` : '';
  const picture: Picture = {
    title: model.name,
    about: `Model ${model.name}: ${countText(model.layers.filter((l) => l.depth === 0).length, 'layer')}, ${countText(total, 'parameter')}`,
    stack: {
      title: model.name,
      notes: [
        `${countText(total, 'parameter')}${frozen}`,
        `weights ${bytesText(total * BYTES)}${kept}, outputs ${bytesText(outputs)} a sample`,
      ],
      rows: [input, ...rows],
    },
  };
  return plotTo('model.plot', picture, file, options);
}
