import { describe, expect, it } from 'vitest';
import { layers, modelFromJSON, Sequential, sequential } from '../../lib/index.js';
import { throwing } from './helpers.js';

const two = (inputs: number, units: number) =>
  sequential([layers.dense({ units, inputShape: [inputs] }), layers.dense({ units: 2 })]);
const names = (model: Sequential) => model.layers.map((l) => l.name);

describe('names that layers got by themselves', () => {
  it('are renumbered where stacks are put together, and stay unique in the old ones', () => {
    const [a, b] = [two(4, 3), two(3, 4)];
    const both = sequential([a.layers[0], ...b.layers]);
    expect(new Set(names(both)).size).toBe(3);
    expect(names(a)).toEqual(['dense', 'dense_1']);
    expect(new Set(names(b)).size).toBe(2);
    expect(both.getLayer(names(both)[2] as string)).toBe(b.layers[1]);
    // What a layer was called when it was added still finds it.
    expect(b.getLayer('dense')).toBe(b.layers[0]);
    const again = modelFromJSON(both.toJSON());
    expect(names(again)).toEqual(names(both));
    expect(again.toJSON()).toEqual(both.toJSON());
  });

  it('are free again when a layer is taken off', () => {
    const model = two(4, 3);
    const top = model.pop();
    model.add(layers.dense({ units: 5 }));
    expect(names(model)).toEqual(['dense', 'dense_1']);
    model.add(top.builtFor ? layers.dense({ units: 1 }) : top);
    expect(names(model)).toEqual(['dense', 'dense_1', 'dense_2']);
  });

  it('of files are such too, but twice in one file they are refused', () => {
    const json = JSON.stringify(two(4, 4).toJSON());
    const [a, b] = [modelFromJSON(json), modelFromJSON(json)];
    expect(names(sequential([a.layers[0], b.layers[0]]))).toEqual(['dense', 'dense_2']);
    const twice = JSON.parse(json);
    twice.config.layers[2].config.name = 'dense';
    expect(() => modelFromJSON(twice)).toThrow(throwing('ERR_LAYER', /'dense' is taken/));
  });

  it('of models in models are renumbered as well', () => {
    const one = () => modelFromJSON({ ...(two(2, 2).toJSON() as { config: object }) });
    const json = two(2, 2).toJSON() as { config: { name: string } };
    json.config.name = 'sequential_7';
    const [a, b] = [modelFromJSON(json), modelFromJSON(json)];
    const outer = sequential([a, b, one()]);
    expect(new Set(names(outer)).size).toBe(3);
    expect([a.name, b.name]).toEqual(['sequential_7', 'sequential_7']);
    expect(names(modelFromJSON(outer.toJSON()))).toEqual(names(outer));
    expect(() => outer.add(a)).toThrow(throwing('ERR_LAYER', /already/));
  });
});

it('names that the user gave still clash', () => {
  const named = () => layers.dense({ units: 2, name: 'dense', inputShape: [2] });
  expect(() => sequential([named(), named()])).toThrow(throwing('ERR_LAYER', /'dense' is taken/));
  expect(() => sequential([...two(2, 2).layers, named()])).toThrow(throwing('ERR_LAYER', /'dense' is taken/));
  const layer = two(2, 2).layers[0];
  layer.name = 'mine';
  expect(() => sequential([layers.dense({ units: 2, name: 'mine', inputShape: [2] }), layer])).toThrow(
    throwing('ERR_LAYER', /'mine' is taken/),
  );
  const inner = () => new Sequential({ name: 'encoder', layers: [layers.dense({ units: 2, inputShape: [2] })] });
  expect(() => sequential([inner(), inner()])).toThrow(throwing('ERR_LAYER', /'encoder' is taken/));
});
