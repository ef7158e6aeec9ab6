import { describe, expect, it } from 'vitest';
import { formatSummary, type ModelDescription, summary } from '../../lib/terminal/summary.js';

const layer = (name: string, className: string, outputShape: (number | null)[] | null, params: number | null) => ({
  name,
  className,
  outputShape,
  params,
});

const mlp: ModelDescription = {
  name: 'sequential',
  layers: [
    layer('dense', 'Dense', [null, 128], 45568),
    layer('dense_1', 'Dense', [null, 128], 16512),
    layer('dense_2', 'Dense', [null, 1], 129),
  ],
  trainable: 62209,
  nonTrainable: 0,
  optimizerParams: 2,
};

describe('summary', () => {
  // Printed by Keras 3 on the TensorFlow backend, in a wide terminal.
  it('prints what Keras 3 prints on 88 characters', () => {
    expect(formatSummary(mlp, 88).join('\n')).toBe(`Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ dense (Dense)                        │ (None, 128)                 │          45,568 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dense_1 (Dense)                      │ (None, 128)                 │          16,512 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dense_2 (Dense)                      │ (None, 1)                   │             129 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 62,211 (243.02 KB)
 Trainable params: 62,209 (243.00 KB)
 Non-trainable params: 0 (0.00 B)
 Optimizer params: 2 (12.00 B)`);
  });

  // The same in a terminal of 80 columns: names are broken, unbuilt layers have no shape.
  it('prints what Keras 3 prints on 76 characters', () => {
    const lines = formatSummary(
      {
        name: 'm',
        layers: [
          layer('average_pooling2d_2', 'AveragePooling2D', [null, 124, 124, 6], 0),
          layer('max_pooling2d_3', 'MaxPooling2D', null, null),
        ],
        trainable: 0,
        nonTrainable: 448,
        optimizerParams: 0,
      },
      76,
    );
    expect(lines).toEqual([
      'Model: "m"',
      '┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓',
      '┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃',
      '┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩',
      '│ average_pooling2d_2             │ (None, 124, 124, 6)    │             0 │',
      '│ (AveragePooling2D)              │                        │               │',
      '├─────────────────────────────────┼────────────────────────┼───────────────┤',
      '│ max_pooling2d_3 (MaxPooling2D)  │ ?                      │   0 (unbuilt) │',
      '└─────────────────────────────────┴────────────────────────┴───────────────┘',
      ' Total params: 448 (1.75 KB)',
      ' Trainable params: 0 (0.00 B)',
      ' Non-trainable params: 448 (1.75 KB)',
    ]);
  });

  it('counts sizes as Keras does', () => {
    const totals = (trainable: number, optimizerParams: number) =>
      formatSummary({ ...mlp, trainable, optimizerParams }, 88).slice(-4);
    expect(totals(50890, 101782)).toEqual([
      ' Total params: 152,672 (596.38 KB)',
      ' Trainable params: 50,890 (198.79 KB)',
      ' Non-trainable params: 0 (0.00 B)',
      ' Optimizer params: 101,782 (397.59 KB)',
    ]);
    expect(totals(55_212_101, 2)[0]).toBe(' Total params: 55,212,103 (210.62 MB)');
  });

  it('gives one line at a time to printFn', () => {
    const lines: string[] = [];
    summary(mlp, { lineLength: 60, printFn: (line) => lines.push(line) });
    expect(lines[0]).toBe('Model: "sequential"');
    expect(lines.slice(1, -4).every((line) => line.length === 60)).toBe(true);
    summary(
      { ...mlp, name: 'n'.repeat(300), layers: [layer('x'.repeat(100), 'Dense', [null, 1], 1)] },
      { lineLength: 40, printFn: (line) => lines.push(line) },
    );
  });

  it.each([
    [{ lineLength: 10 }],
    [{ lineLength: 'wide' }],
    [{ printFn: 5 }],
    [{ positions: [0.1] }],
    [{ positions: [0.99, 1, 1] }],
    [{ lineLen: 80 }],
  ])('refuses %j', (options) => {
    expect(() => summary(mlp, options as never)).toThrow(/summary: .*/);
  });
});
