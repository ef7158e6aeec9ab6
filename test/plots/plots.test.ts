import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { callbacks, type History, layers, sequential } from '../../lib/index.js';
import { linearScale, logScale, tickText, valueText } from '../../lib/plots/scales.js';

const display = Symbol.for('Jupyter.display');
const folder = mkdtempSync(join(tmpdir(), 'gemmfit-plots-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A history with these logs, as a fit leaves it. */
function historyOf(history: Record<string, number[]>, epochs = Object.values(history)[0].length): History {
  const made = new callbacks.History();
  made.history = history;
  made.epoch = Array.from({ length: epochs }, (_, i) => i);
  return made;
}

const usual = { loss: [3, 2, 1], accuracy: [0.5, 0.6, 0.7], val_loss: [3, 1.5, 2], val_accuracy: [0.4, 0.6, 0.5] };
/** Texts of a picture, in their order. */
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, t]) => t);
const curves = (svg: string) => [...svg.matchAll(/<path d="([^"]+)" class="line (s-\w+)/g)].map(([, d, tone]) => ({ d, tone }));

describe('history.plot', () => {
  test('has a panel for each metric, train and validation, and the best epoch', () => {
    const { svg } = historyOf(usual).plot();
    expect(texts(svg)).toEqual(expect.arrayContaining(['loss', 'accuracy', 'training', 'validation', 'epoch']));
    expect(texts(svg)).toContain('best val_loss: 1.5, epoch 2');
    expect(texts(svg)).toContain('training 2, validation 1.5');
    expect(curves(svg).map((c) => c.tone)).toEqual(['s-first', 's-second', 's-first', 's-second']);
  });

  test('knows which way is better, and marks none where none is wanted', () => {
    expect(texts(historyOf(usual).plot(null, { monitor: 'accuracy' }).svg)).toContain('best accuracy: 0.7, epoch 3');
    // Without a model names decide.
    const made = historyOf(usual);
    made.setModel({ metricDirection: () => 'max' } as never);
    expect(texts(made.plot(null, { monitor: 'accuracy' }).svg)).toContain('best accuracy: 0.7, epoch 3');
    expect(made.plot(null, { monitor: null }).svg).not.toContain('best');
  });

  test('the learning rate is drawn last, by its powers where they are many', () => {
    const { svg } = historyOf({ lr: [0.1, 0.01, 0.0001], loss: [3, 2, 1] }).plot();
    expect(texts(svg).filter((t) => /^(loss|lr)/.test(t))).toEqual(['loss', 'lr (log scale)']);
  });

  test('what is not finite is a gap', () => {
    const { svg } = historyOf({ loss: [3, 2, Number.NaN, 1, 0.5, Number.POSITIVE_INFINITY] }).plot();
    expect(svg).not.toMatch(/="[^"]*(NaN|Infinity)/);
    expect(curves(svg)[0].d.match(/M/g)).toHaveLength(2);
    expect(historyOf({ loss: [Number.NaN] }).plot().svg).not.toMatch(/="[^"]*NaN/);
  });

  test('fewer validations than epochs stand at their epochs', () => {
    const at = (x: Record<string, number[]>) => curves(historyOf(x, 4).plot().svg).map((c) => c.d.match(/[\d.]+/)?.[0]);
    const [every, second] = [at({ loss: [4, 3, 2, 1] }), at({ loss: [4, 3, 2, 1], val_loss: [3, 1] })];
    expect(Number(second[1])).toBeGreaterThan(Number(every[0]) + 50);
  });

  test('names from files are texts, not elements', () => {
    expect(historyOf({ '<b>&"': [1, 2], loss: [1, 2] }).plot().svg).toContain('&lt;b&gt;&amp;&quot;');
  });

  test('colours go with the theme, and the width with what is asked', () => {
    const of = (options?: object) => historyOf(usual).plot(null, options).svg;
    expect(of()).toContain('prefers-color-scheme:dark');
    expect(of({ theme: 'light' })).not.toContain('prefers-color-scheme');
    expect(of({ theme: 'dark' })).toContain('fill:#0d1117');
    expect(of({ width: 720 })).toMatch(/^<svg [^>]*width="720"/);
  });

  test('refuses what it cannot do', () => {
    expect(() => new callbacks.History().plot()).toThrow(expect.objectContaining({ code: 'ERR_EMPTY' }));
    expect(() => historyOf(usual).plot(null, { monitor: 'val_los' })).toThrow("Did you mean 'val_loss'?");
    expect(() => historyOf(usual).plot(null, { theme: 'blue' as never })).toThrow('theme');
    expect(() => historyOf(usual).plot(null, { width: 10 })).toThrow('width');
    expect(() => historyOf(usual).plot(join(folder, 'none/a.svg'))).toThrow(expect.objectContaining({ code: 'ERR_WRITE' }));
    expect(() => historyOf(usual).plot(3 as never)).toThrow('file');
  });

  test('writes to paths and file URLs, and notebooks show it', () => {
    const file = join(folder, 'curves.svg');
    const plot = historyOf(usual).plot(pathToFileURL(file));
    expect(readFileSync(file, 'utf8')).toBe(String(plot));
    const shown = (historyOf(usual) as unknown as Record<symbol, () => Record<string, string>>)[display]();
    expect(shown['image/svg+xml']).toBe(plot.svg);
    expect(shown['text/plain']).toContain('3 epochs');
    expect(inspect(plot)).toContain('Plot(Training of 3 epochs');
  });

  test('a real training', async () => {
    const model = sequential([layers.dense({ units: 1, activation: 'sigmoid', inputShape: [2] })]);
    model.compile({ loss: 'binary_crossentropy', metrics: ['accuracy'] });
    const x = Float32Array.from({ length: 40 }, (_, i) => i % 3);
    const y = Float32Array.from({ length: 20 }, (_, i) => i % 2);
    const history = await model.fit(x, y, { epochs: 4, validationSplit: 0.2, verbose: 0 });
    const spec = history.plot().toVegaLite() as { vconcat: { layer: { data: { values: { y: number }[] } }[] }[] };
    expect(spec.vconcat[0].layer[0].data.values.map((v) => v.y)).toEqual(history.history.loss);
  });
});

describe('model.plot', () => {
  const inner = sequential([layers.dense({ units: 3, activation: 'relu', inputShape: [4], name: 'within' })]);
  const model = sequential([
    inner as never,
    layers.dropout({ rate: 0.5 }),
    layers.dense({ units: 2, trainable: false, name: 'top' }),
  ]);

  test('has each layer with shapes, parameters and memory', () => {
    const shown = texts(model.plot().svg);
    expect(shown).toEqual(expect.arrayContaining(['input', 'within', 'top', 'Dense, relu', '15 parameters', '60 B']));
    expect(shown).toEqual(expect.arrayContaining(['8 parameters', '32 B, frozen', '23 parameters, 8 not trained']));
    expect(shown).toContain('(batch, 3)  12 B a sample');
  });

  test('a model that is not built is drawn too', () => {
    const shown = texts(sequential([layers.dense({ units: 3 })]).plot().svg);
    expect(shown).toEqual(expect.arrayContaining(['not built', 'shape not known yet']));
  });

  test('has a specification of Vega-Lite', () => {
    expect(JSON.stringify(model.plot().toVegaLite())).toContain('"parameters":15');
  });
});

describe('scales', () => {
  const room = { from: 0, to: 100, count: 5 };
  test.each([
    [0, 1, ['0', '0.2', '0.4', '0.6', '0.8', '1.0']],
    [-3, 8, ['-5', '0', '5', '10']],
    [5, 5, undefined],
    [0.00012, 0.00019, undefined],
    [1e8, 3e8, ['1.0e8', '1.5e8', '2.0e8', '2.5e8', '3.0e8']],
  ])('from %d to %d', (low, high, wanted) => {
    const scale = linearScale({ low, high }, room);
    const shown = scale.ticks.map((t) => t.text);
    if (wanted) expect(shown).toEqual(wanted);
    expect(new Set(shown).size).toBe(shown.length);
    expect(scale(low)).toBeGreaterThanOrEqual(-1e-9);
    expect(scale(high)).toBeLessThanOrEqual(100 + 1e-9);
  });

  test('whole numbers only, and ends where the values end', () => {
    const scale = linearScale({ low: 1, high: 3 }, { ...room, count: 20 }, { whole: true, exact: true });
    expect(scale.ticks.map((t) => t.text)).toEqual(['1', '2', '3']);
    expect([scale(1), scale(3)]).toEqual([0, 100]);
  });

  test('by powers', () => {
    expect(logScale({ low: 2e-5, high: 0.5 }, room).ticks.map((t) => t.text)).toEqual([
      '1e-5',
      '1e-4',
      '0.001',
      '0.01',
      '0.1',
      '1',
    ]);
    expect(logScale({ low: 2, high: 40 }, room).ticks.map((t) => t.text)).toEqual(['1', '2', '5', '10', '20', '50', '100']);
  });

  test('numbers in texts', () => {
    expect([0, 0.123456, 12345.678, 1.5e-7, 3e9].map(valueText)).toEqual(['0', '0.1235', '12350', '1.50e-7', '3.00e9']);
    expect(tickText(2_500_000, 500_000)).toBe('2.5e6');
  });
});

// Debian's Chromium; where there is none the pictures have been looked at already.
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
test.skipIf(!chromium)('a browser reads each picture, and nothing lies outside of it', () => {
  const pictures = [historyOf(usual).plot(), sequential([layers.dense({ units: 2, inputShape: [3] })]).plot()];
  const page = join(folder, 'page.html');
  const inside = `<script>
    const out = [];
    for (const svg of document.querySelectorAll('svg')) {
      const all = svg.getBoundingClientRect();
      for (const e of svg.querySelectorAll('text,path,line,rect')) {
        const r = e.getBoundingClientRect();
        if (r.left < all.left - 1 || r.right > all.right + 1 || r.top < all.top - 1 || r.bottom > all.bottom + 1) out.push(e.outerHTML);
      }
    }
    document.body.textContent = 'outside: ' + JSON.stringify(out) + ' pictures: ' + ${pictures.length};
  </script>`;
  writeFileSync(page, `<!doctype html><meta charset="utf-8"><body>${pictures.map(String).join('')}${inside}</body>`);
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--dump-dom', String(pathToFileURL(page))];
  const { stdout } = spawnSync(chromium as string, args, { encoding: 'utf8', timeout: 50_000 });
  expect(stdout).toContain('outside: [] pictures: 2');
});
