import { Writable } from 'node:stream';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { CallbackList } from '../../lib/callbacks/list.js';
import { drawLine, endLine, printMessage, writeText } from '../../lib/terminal/output.js';
import { formatEta, layOut } from '../../lib/terminal/progress_line.js';
import { FakeModel, FakeStream, params, screen } from '../callbacks/fakes.js';
import golden from '../parity/units/progbar.json';

type Pair = [string, number | string];
const logsOf = (pairs: readonly Pair[]) => Object.fromEntries(pairs.map(([name, v]) => [name, v === 'NaN' ? Number.NaN : v]));

function bar(stream: FakeStream, more: object, clock?: () => number) {
  const list = new CallbackList(null, {
    model: new FakeModel(),
    params: params({ epochs: 1, ...more }),
    addProgbar: true,
    stream,
    clock,
  });
  return { list, progbar: list.progbar! };
}

/** One epoch of a golden scenario under its clock. */
function play(id: string, verbose: number, stream: FakeStream): string {
  const scene = golden.scenarios.find((s) => s.id === id)!;
  let now = 1e6;
  const { list, progbar } = bar(stream, { verbose, steps: scene.target }, () => now);
  list.onEpochBegin(0);
  scene.vals.forEach((values, i) => {
    now += scene.dts[i];
    progbar.update(scene.steps?.[i] ?? i + 1, logsOf(values as Pair[]));
  });
  now += scene.last;
  list.onEpochEnd(0, logsOf(scene.final as Pair[]));
  return stream.text;
}

const oracle = golden.outputs.filter((o) => o.version === 'tf-keras 2.21');

test.each(oracle.map((o) => [o.scenario, o.verbose, o.dynamicDisplay, o.output] as const))(
  '%s, verbose %i, dynamic %s: as tf.keras prints it',
  (scenario, verbose, dynamic, output) => {
    const terminal = play(scenario, verbose, new FakeStream(true, 300));
    // Without redrawing tf.keras starts a new line for every drawing, else the text is the same.
    expect(dynamic ? terminal : terminal.replace(/[\b]*\r/g, '\n')).toBe(output);
    const last = output
      .trimEnd()
      .split(/[\r\n]/)
      .at(-1)!;
    expect(play(scenario, verbose, new FakeStream(false))).toBe(`${last}\n`);
  },
);

test('an epoch has a heading where there are several, and none alone', () => {
  const stream = new FakeStream();
  const { list } = bar(stream, { epochs: 2, verbose: 2 }, () => 0);
  list.onEpochBegin(1);
  expect(stream.text).toBe('Epoch 2/2\n');
  const alone = new FakeStream();
  bar(alone, { epochs: 1, verbose: 1 }).list.onEpochBegin(0);
  expect(alone.text).toBe('');
});

test('verbose 0 writes nothing', () => {
  const stream = new FakeStream(true, 80);
  expect(play('steps3', 0, stream)).toBe('');
});

test('validation inside fit is silent, evaluate and predict have lines of their own', () => {
  const stream = new FakeStream();
  let now = 5;
  const { list } = bar(stream, { verbose: 2, steps: 4 }, () => now);
  list.onTrainBegin();
  list.onEpochBegin(0);
  list.onTestBegin();
  list.onTestBatchEnd(0, { loss: 1 });
  list.onTestEnd({ loss: 1 });
  expect(stream.text).toBe('');
  now += 1;
  list.onEpochEnd(0, { loss: 2 });
  expect(stream.text).toBe('4/4 - 1s - loss: 2.0000 - 1s/epoch - 250ms/step\n');
  list.onTrainEnd();
  stream.text = '';
  list.onTestBegin();
  now += 0.14;
  list.onTestEnd({ loss: 0.9765, accuracy: 0.5 });
  list.onPredictBegin();
  now += 0.08;
  list.onPredictBatchEnd(3, { outputs: [1] });
  list.onPredictEnd();
  expect(stream.text).toBe(
    'evaluate 4/4 - 0s - loss: 0.9765 - accuracy: 0.5000 - 140ms/epoch - 35ms/step\npredict 4/4 - 0s - 80ms/epoch - 20ms/step\n',
  );
});

test('the bar of fit stands still during validation, whatever it is told of that', () => {
  const stream = new FakeStream(true, 200);
  let now = 0;
  const { list, progbar } = bar(stream, { steps: 10 }, () => now);
  const later = () => {
    now += 1;
  };
  list.onTrainBegin();
  list.onEpochBegin(0);
  later();
  progbar.update(10, { loss: 1 });
  const standing = stream.text;
  list.onTestBegin();
  expect(progbar.isLive).toBe(false);
  later();
  progbar.update(2, { loss: 9 });
  list.onTestBatchEnd(2, { loss: 9 });
  progbar.endedAt(3);
  expect(stream.text).toBe(standing);
  list.onTestEnd({ loss: 9 });
  expect(progbar.isLive).toBe(true);
  list.onEpochEnd(0, { loss: 1, val_loss: 9 });
  expect(screen(stream.text, 200)[0]).toBe(
    '10/10 [==============================] - 2s 200ms/step - loss: 1.0000 - val_loss: 9.0000',
  );
});

test('draws at most every 50 ms, and always the first and the last', () => {
  const stream = new FakeStream(true, 200);
  let now = 0;
  const { list, progbar } = bar(stream, { steps: 100 }, () => now);
  list.onEpochBegin(0);
  for (let step = 1; step <= 100; step++) {
    now += 0.01;
    progbar.update(step, { loss: step });
  }
  list.onEpochEnd(0, { loss: 7 });
  expect(stream.text.split('\r').length - 1).toBe(21);
  expect(screen(stream.text, 200)).toEqual(['100/100 [==============================] - 1s 10ms/step - loss: 7.0000', '']);
});

test('the number of steps found in the first epoch is what the second counts up to', () => {
  const stream = new FakeStream(true, 200);
  let now = 0;
  const { list, progbar } = bar(stream, { steps: null, epochs: 1 }, () => now);
  list.onEpochBegin(0);
  now += 1;
  progbar.update(5, {});
  progbar.endedAt(7);
  now += 6;
  list.onEpochEnd(0, {});
  list.onEpochBegin(1);
  now += 1;
  progbar.update(1, {});
  expect(screen(stream.text, 200)).toEqual([
    '7/7 [==============================] - 7s 1s/step',
    '1/7 [===>..........................] - ETA: 6s',
  ]);
});

test('an epoch that is cut short says how far it came', () => {
  const stream = new FakeStream();
  let now = 0;
  const { list, progbar } = bar(stream, { steps: 10 }, () => now);
  list.onEpochBegin(0);
  now += 2;
  progbar.endedAt(4);
  list.onEpochEnd(0, { loss: Number.NaN });
  expect(stream.text).toBe(' 4/10 [===========>..................] - 2s 500ms/step - loss: nan\n');
});

test('values of all kinds', () => {
  const stream = new FakeStream();
  const { list } = bar(stream, { verbose: 1, steps: 1 }, () => 0);
  list.onEpochBegin(0);
  list.onEpochEnd(0, {
    inf: Number.NEGATIVE_INFINITY,
    list: [0.25, 0.5],
    typed: Float32Array.of(1, 2, 6),
    nd: { data: Float32Array.of(1, 3), shape: [2] },
    none: [],
    note: 'x',
    tiny: -2e-5,
    '\u001b[2Jbad\n': 1,
  });
  expect(stream.text).toBe(
    '1/1 [==============================] - 0s 0s/step - inf: -inf - list: 0.3750 - typed: 3.0000 - nd: 2.0000 - none: nan - note: x' +
      ' - tiny: -2.0000e-05 - ?[2Jbad?: 1.0000\n',
  );
});

test('negative values: with an exponent in the line of verbose 2 only, a quirk of Keras', () => {
  const texts = [1, 2].map((verbose) => {
    const stream = new FakeStream();
    const { list } = bar(stream, { verbose, steps: 1 }, () => 0);
    list.onEpochBegin(0);
    list.onEpochEnd(0, { loss: -0.5 });
    return stream.text;
  });
  expect(texts).toEqual([
    '1/1 [==============================] - 0s 0s/step - loss: -0.5000\n',
    '1/1 - 0s - loss: -5.0000e-01 - 0s/epoch - 0s/step\n',
  ]);
});

test('time that is left', () => {
  expect([0, 59.9, 60, 61, 3600, 3601, 4e5].map(formatEta)).toEqual([
    '0s',
    '59s',
    '60s',
    '1:01',
    '60:00',
    '1:00:01',
    '111:06:40',
  ]);
});

test('a line is fitted by a narrower bar, then by none, then by fewer values', () => {
  const frame = { count: '  1/120', done: 0.5, time: ' - ETA: 3s', entries: [' - loss: 0.5000', ' - accuracy: 0.2500'] };
  const full = '  1/120 [==============>...............] - ETA: 3s - loss: 0.5000 - accuracy: 0.2500';
  expect(layOut(frame, 84)).toBe(full);
  expect(layOut(frame, 83)).toBe('  1/120 [=============>...............] - ETA: 3s - loss: 0.5000 - accuracy: 0.2500');
  expect(layOut(frame, 59)).toBe('  1/120 [=>...] - ETA: 3s - loss: 0.5000 - accuracy: 0.2500');
  expect(layOut(frame, 58)).toBe('  1/120 - ETA: 3s - loss: 0.5000 - accuracy: 0.2500');
  expect(layOut(frame, 50)).toBe('  1/120 - ETA: 3s - loss: 0.5000 ...');
  expect(layOut(frame, 9)).toBe('  1/120 -');
  expect(layOut(frame, 51, true)).toBe('  1/120 - ETA: 3s - loss: 0.5000 - accuracy: 0.2500');
  expect(layOut(frame, 50, true)).toBe(full);
  expect(layOut({ ...frame, done: null }, 40)).toBe('  1/120 - ETA: 3s - loss: 0.5000 ...');
});

test('names in wide characters are measured by their columns', () => {
  const frame = { count: '1/2', done: null, time: '', entries: [' - 准确率: 0.5'] };
  expect(layOut(frame, 17)).toBe('1/2 - 准确率: 0.5');
  expect(layOut(frame, 16)).toBe('1/2 ...');
});

test('whatever is drawn before, the terminal ends up with the line that stays', () => {
  const value = fc.oneof(fc.double(), fc.constant([0.1, 0.2]), fc.constant(Number.NaN));
  const logs = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), value);
  const update = fc.record({ wait: fc.double({ min: 0, max: 5000, noNaN: true }), step: fc.nat(60), logs });
  fc.assert(
    fc.property(
      fc.array(update, { maxLength: 12 }),
      fc.option(fc.integer({ min: 0, max: 50 })),
      fc.integer({ min: 2, max: 140 }),
      logs,
      (updates, steps, columns, last) => {
        const end = 0.5;
        const run = (stream: FakeStream) => {
          let now = 0;
          const { list, progbar } = bar(stream, { steps }, () => now);
          list.onEpochBegin(0);
          for (const u of updates) {
            now += u.wait;
            const before = stream.text.length;
            progbar.update(u.step, u.logs);
            const drawn = stream.text.slice(before).replace(/^[\b]*\r/, '');
            expect(drawn.trimEnd().length).toBeLessThan(columns);
          }
          now += end;
          progbar.endedAt(steps ?? 9);
          list.onEpochEnd(0, { ...last, loss: 0.5 });
          return stream.text;
        };
        const rows = screen(run(new FakeStream(true, columns)), columns);
        expect(rows.at(-1)).toBe('');
        // The rows joined are one line: bar, time and all values, and nothing is left of any longer line before it.
        const line = rows
          .slice(0, -1)
          .map((row, i) => (i < rows.length - 2 ? row.padEnd(columns) : row))
          .join('');
        const count = steps ?? 9;
        expect(line).toMatch(new RegExp(`^${count}/${count} (\\[={5,30}\\] )?- \\d+s \\d+(s|ms|us)/step( - [a-z_]+: \\S+)*$`));
        for (const name of Object.keys({ ...last, loss: 0.5 })) expect(line).toContain(` - ${name}: `);
        expect(line).toContain(' - loss: 0.5000');
        expect(run(new FakeStream()).split('\n')).toHaveLength(2);
      },
    ),
    { numRuns: 300 },
  );
});

test('a message while a bar stands starts on a line of its own', () => {
  const stream = new FakeStream(true, 100);
  const owner = {};
  drawLine(stream, owner, '1/3 [...]');
  printMessage('Batch 0: Invalid loss', stream);
  printMessage('\nEpoch 1: slower', stream);
  expect(screen(stream.text, 100)).toEqual(['Batch 0: Invalid loss', 'Epoch 1: slower', '1/3 [...]']);
  drawLine(stream, owner, '2/3');
  endLine(stream, {});
  endLine(stream, owner);
  endLine(stream, owner);
  printMessage('\nEpoch 2: slower', stream);
  expect(screen(stream.text, 100)).toEqual(['Batch 0: Invalid loss', 'Epoch 1: slower', '2/3', '', 'Epoch 2: slower', '']);
});

test("several fits at once do not tear each other's lines, and say whose they are", () => {
  const stream = new FakeStream(true, 100);
  let now = 0;
  const make = (name: string) => {
    const model = Object.assign(new FakeModel(), { name });
    return new CallbackList(null, { model, params: params({ epochs: 2, steps: 4 }), addProgbar: true, stream, clock: () => now });
  };
  const [a, b] = [make('a'), make('b')];
  for (const list of [a, b]) list.onTrainBegin();
  for (const list of [a, b]) list.onEpochBegin(0);
  for (const list of [a, b]) {
    now += 1;
    list.progbar?.update(2, { loss: 1 });
  }
  const half = 'a, epoch 1/2: 2/4 [==============>...............] - ETA: 1s - loss: 1.0000';
  expect(screen(stream.text, 100)).toEqual([half]);
  b.onEpochEnd(0, { loss: 2 });
  const done = 'b, epoch 1/2: 4/4 [==============================] - 2s 500ms/step - loss: 2.0000';
  expect(screen(stream.text, 100)).toEqual([done, half]);
  a.onEpochEnd(0, { loss: 0.5 });
  expect(screen(stream.text, 100).slice(1)).toEqual([done.replace('b', 'a').replace('2.0000', '0.5000'), '']);
  for (const list of [a, b]) {
    list.onTrainEnd();
    list.progbar?.close();
  }
  stream.text = '';
  a.onTrainBegin();
  a.onEpochBegin(1);
  expect(stream.text).toBe('Epoch 2/2\n');
});

test('a terminal that became narrower has wrapped the line: all of it goes', () => {
  const stream = Object.assign(new FakeStream(true), { columns: 60 });
  drawLine(stream, stream, 'x'.repeat(50));
  stream.columns = 20;
  stream.text = '';
  drawLine(stream, stream, 'short');
  expect(stream.text).toBe('\u001b[2A\r\u001b[Jshort');
});

test('an epoch that is taken up in its middle takes as long as its own batches', () => {
  const stream = new FakeStream(true, 100);
  let now = 0;
  const { list, progbar } = bar(stream, { steps: 100 }, () => now);
  list.onTrainBegin();
  progbar.goesOnAt(0, 50);
  now += 10;
  progbar.update(60, {});
  expect(screen(stream.text, 100)[0]).toContain('ETA: 40s');
});

test('close ends a line that an error left standing', () => {
  const stream = new FakeStream(true, 100);
  const { list, progbar } = bar(stream, { steps: 3 });
  list.onTrainBegin();
  list.onEpochBegin(0);
  progbar.update(1, {});
  expect(progbar.isLive).toBe(true);
  progbar.close();
  progbar.update(2, {});
  expect(progbar.isLive).toBe(false);
  expect(stream.text).toMatch(/ETA: \d+s\n$/);
});

test('a reader that has gone ends neither training nor the process', async () => {
  const pipe = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const write = vi.spyOn(pipe, 'write');
  const { list } = bar(pipe as unknown as FakeStream, { verbose: 2, steps: 1 });
  for (let epoch = 0; epoch < 3; epoch++) {
    list.onEpochBegin(epoch);
    list.onEpochEnd(epoch, { loss: 1 });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(write).toHaveBeenCalledTimes(1);
  const throwing = {
    write() {
      throw new Error('closed');
    },
  };
  expect(() => writeText(throwing, 'x')).not.toThrow();
});
