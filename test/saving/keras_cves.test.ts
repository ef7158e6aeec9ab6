// What let model files of Keras run code, read files or exhaust memory (SECURITY.md has the list): here each is an error, in every format.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layers } from '../../lib/layers/index.js';
import { loadModel, modelFromJSON } from '../../lib/load_model.js';
import { emptyGroup } from '../../lib/saving/hdf5/tree.js';
import { sequential } from '../../lib/sequential.js';
import { rawZip } from './raw_zip.js';
import { archiveOf, hdf5Of } from './support.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gemmfit-cves-'));
  writeFileSync(join(folder, 'secret.txt'), 'secret\nwords\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Entry = { class_name: string; config: unknown; [key: string]: unknown };
const input: Entry = { class_name: 'InputLayer', config: { batch_shape: [null, 3], dtype: 'float32', name: 'in' } };
const modelOf = (...entries: Entry[]): Entry => ({
  module: 'keras',
  class_name: 'Sequential',
  config: { name: 'm', layers: [input, ...entries] },
});
const dense = (config: object): Entry => ({
  module: 'keras.layers',
  class_name: 'Dense',
  config: { units: 2, name: 'd', ...config },
});
const refused = (code: RegExp) => expect.objectContaining({ name: 'ValueError', code: expect.stringMatching(code) });

/** The same config as JSON, in an .h5 file and in a .keras archive. */
async function refusedEverywhere(config: Entry, code: RegExp): Promise<void> {
  expect(() => modelFromJSON(config)).toThrow(refused(code));
  expect(() => modelFromJSON(JSON.stringify(config))).toThrow(refused(code));
  const text = JSON.stringify(config);
  const h5 = emptyGroup();
  h5.attributes.set('model_config', text).set('keras_version', '2.15.0').set('backend', 'tensorflow');
  const weights = emptyGroup();
  weights.attributes.set('layer_names', ['in']);
  h5.groups.set('model_weights', weights);
  await expect(loadModel(await hdf5Of(h5))).rejects.toEqual(refused(code));
  const layout = emptyGroup();
  layout.groups.set('layers', emptyGroup());
  const archive = await archiveOf({ 'config.json': text, 'model.weights.h5': await hdf5Of(layout) });
  await expect(loadModel(archive)).rejects.toEqual(refused(code));
}

const CODE = ['4wEAAAAAAAAAAAAAAAIAAAADAAAA', null, null];
const lambda: Entry = { class_name: 'Lambda', config: { name: 'l', function: CODE, function_type: 'lambda' } };
const lambda3: Entry = {
  module: 'keras.layers',
  class_name: 'Lambda',
  config: { name: 'l', function: { class_name: '__lambda__', config: { code: CODE[0], defaults: null, closure: null } } },
};

it('CVE-2021-37678: there is no format in which a name is a constructor (YAML)', async () => {
  const yaml = '!!python/object/apply:os.system ["touch pwned"]';
  expect(() => modelFromJSON(yaml)).toThrow(refused(/ERR_JSON/));
  writeFileSync(join(folder, 'm.yaml'), yaml);
  await expect(loadModel(join(folder, 'm.yaml'))).rejects.toEqual(refused(/ERR_FORMAT/));
});

it.each([
  ['of Keras 2', lambda],
  ['of Keras 3', lambda3],
])(
  'CVE-2024-3660, CVE-2025-9905: a Lambda %s is refused in every format; there is no flag that one of them ignores',
  async (_, layer) => {
    await refusedEverywhere(modelOf(layer), /ERR_LAMBDA/);
  },
);

it.each(['safeMode', 'safe_mode', 'unsafe'])(
  'CVE-2025-9906, CVE-2026-12481: there is no option %s that lets code in',
  async (option) => {
    const call = loadModel(join(folder, 'm.keras'), { [option]: false } as object);
    await expect(call).rejects.toMatchObject({ name: 'TypeError', code: 'ERR_UNKNOWN_OPTION' });
  },
);

it.each<[string, Entry]>([
  ['TimeDistributed', { class_name: 'TimeDistributed', config: { name: 't', layer: lambda3 } }],
  ['Bidirectional', { class_name: 'Bidirectional', config: { name: 't', layer: lambda3 } }],
  ['RNN', { class_name: 'RNN', config: { name: 't', cell: lambda3 } }],
  ['a model inside', modelOf(lambda3)],
])('CVE-2026-12481: a Lambda inside %s is refused, whoever reads it', async (_, entry) => {
  await refusedEverywhere(modelOf(entry), /ERR_LAMBDA/);
});

describe('CVE-2025-1550, CVE-2025-8747, CVE-2025-9906: modules and functions that a config names', () => {
  const call = (module: string, name: string): Entry => ({ module, class_name: 'function', config: name, registered_name: name });
  it.each<[string, Entry]>([
    ['a function as a layer', call('os', 'system')],
    ['a function as an activation', dense({ activation: call('os', 'system') })],
    ['a function of Keras as an activation', dense({ activation: call('keras.utils', 'get_file') })],
    ['one that would let code in', dense({ activation: call('keras.config', 'enable_unsafe_deserialization') })],
    [
      'a class of another module as a layer',
      { module: 'subprocess', class_name: 'Popen', config: { args: ['sh'] }, registered_name: 'Popen' },
    ],
    ['a module of Node as a layer', { module: 'node:child_process', class_name: 'ChildProcess', config: {} }],
    ['a function as an initializer', dense({ kernel_initializer: call('builtins', 'eval') })],
    [
      'a class as an initializer',
      dense({ kernel_initializer: { module: 'os', class_name: 'system', config: { command: 'sh' } } }),
    ],
    ['a class as a constraint', dense({ kernel_constraint: { module: 'builtins', class_name: 'exec', config: {} } })],
    ['a dtype that is a function', dense({ dtype: call('os', 'system') })],
    ['a Python lambda as an activation', dense({ activation: { class_name: '__lambda__', config: { code: CODE[0] } } })],
    ['a name of Object.prototype as a layer', { class_name: 'constructor', config: {} }],
    ['a name of Object.prototype as an activation', dense({ activation: 'toString' })],
    ['__proto__ as an initializer', dense({ kernel_initializer: '__proto__' })],
  ])('%s', async (_, entry) => {
    await refusedEverywhere(modelOf(entry), /^ERR_/);
  });
});

it('CVE-2025-49655: a layer that brings a pickled module is refused', async () => {
  const torch = {
    module: 'keras.layers',
    class_name: 'TorchModuleWrapper',
    config: { module: { class_name: '__bytes__', config: CODE[0] } },
  };
  await refusedEverywhere(modelOf(torch), /ERR_(LAMBDA|UNKNOWN_NAME)/);
});

it('CVE-2026-1462: a layer that names a SavedModel on the disk is refused, and the path is not looked at', async () => {
  await refusedEverywhere(modelOf({ class_name: 'TFSMLayer', config: { filepath: folder } }), /ERR_(LAMBDA|UNKNOWN_NAME)/);
});

it.each(['secret.txt', 'https://localhost/words', 'file:///etc/passwd'])(
  'CVE-2025-12058: a vocabulary is no path: %s',
  async (path) => {
    const vocabulary = path.includes(':') ? path : join(folder, path);
    const lookup = { class_name: 'StringLookup', config: { name: 's', vocabulary } };
    const empty = Object.assign(emptyGroup(), { groups: new Map([['layers', emptyGroup()]]) });
    const members = { 'config.json': JSON.stringify(modelOf(lookup)), 'model.weights.h5': await hdf5Of(empty) };
    const error = await loadModel(await archiveOf(members)).catch((e) => e);
    expect(error).toEqual(refused(/^ERR_/));
    expect(error.message).not.toContain('words\n');
  },
);

it.each([
  ['CVE-2024-55459, CVE-2025-12638: a member that leads out', { name: '../out.txt', data: 'x' }],
  ['CVE-2025-12060: a member that is a link', { name: 'assets', data: '/etc', mode: 0o120777 }],
])('%s: nothing is ever unpacked onto the disk', async (_, member) => {
  const inner = mkdtempSync(join(folder, 'in-'));
  const before = readdirSync(folder);
  writeFileSync(join(inner, 'm.keras'), rawZip([{ name: 'config.json', data: '{}' }, member]));
  await expect(loadModel(join(inner, 'm.keras'))).rejects.toEqual(refused(/ERR_FILE_REFUSED/));
  expect(readdirSync(inner)).toEqual(['m.keras']);
  expect(readdirSync(folder)).toEqual(before);
});

it.each([
  'shape_bomb',
  'shape_bomb_contiguous',
  'compressed_bomb',
  'chunk_bomb',
  'external_link',
  'external_storage',
  'soft_link',
  'virtual',
])('CVE-2026-0897, CVE-2026-1669, CVE-2026-12570: sizes that are not so and numbers that are elsewhere (%s)', async (name) => {
  const model = sequential([layers.dense({ units: 2, inputShape: [3], name: 'dense' })]);
  const file = join(__dirname, 'hostile', `${name}.weights.h5`);
  await expect(model.loadWeights(file)).rejects.toEqual(refused(/ERR_FILE_REFUSED/));
});

it('SECURITY.md lists each of them', () => {
  const listed = readFileSync(join(__dirname, '../../SECURITY.md'), 'utf8').match(/CVE-\d{4}-\d+/g);
  const tested = readFileSync(__filename, 'utf8').match(/CVE-\d{4}-\d+/g);
  expect([...new Set(listed)].sort()).toEqual([...new Set(tested)].sort());
});
