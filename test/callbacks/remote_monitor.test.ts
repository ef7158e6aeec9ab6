import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RemoteMonitor } from '../../lib/callbacks/remote_monitor.js';
import { TerminateOnNaN } from '../../lib/callbacks/terminate_on_nan.js';
import { captured, FakeModel, warnings } from './fakes.js';

let server: Server;
let root: string;
const received: { url?: string; type?: string; key?: unknown; body: string }[] = [];

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    received.push({
      url: request.url,
      type: request.headers['content-type'],
      key: request.headers['x-key'],
      body: await read(request),
    });
    response.writeHead(500).end('whatever');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test('sends a form with JSON in a field', async () => {
  received.length = 0;
  await new RemoteMonitor({ root }).onEpochEnd(3, { loss: 0.5, f1: Float32Array.of(1, 2), bad: Number.NaN });
  expect(received).toEqual([
    {
      url: '/publish/epoch/end/',
      type: expect.stringContaining('application/x-www-form-urlencoded'),
      key: undefined,
      body: expect.any(String),
    },
  ]);
  expect(JSON.parse(new URLSearchParams(received[0].body).get('data')!)).toEqual({ epoch: 3, loss: 0.5, f1: [1, 2], bad: null });
});

test('or JSON alone, to any path and with headers', async () => {
  received.length = 0;
  await new RemoteMonitor({ root, path: '/x', sendAsJson: true, headers: { 'x-key': 'k' } }).onEpochEnd(0, { loss: 1 });
  expect(received).toEqual([{ url: '/x', type: 'application/json', key: 'k', body: '{"epoch":0,"loss":1}' }]);
});

test('a server that is not there is warned about, no more', async () => {
  const gone = createServer();
  await new Promise<void>((done) => gone.listen(0, '127.0.0.1', done));
  const { port } = gone.address() as AddressInfo;
  await new Promise((done) => gone.close(done));
  const heard = await warnings(() => new RemoteMonitor({ root: `http://127.0.0.1:${port}` }).onEpochEnd(0, { loss: 1 }));
  expect(heard).toEqual([expect.stringMatching(`could not reach http://127.0.0.1:${port}/publish/epoch/end/: .*ECONNREFUSED`)]);
});

test.each([{ root: 'localhost' }, { root: 'ftp://x' }, { root: 3 }, { rot: 'http://x' }, { sendAsJson: 'yes' }])(
  '%j is refused',
  (options) => {
    expect(() => new RemoteMonitor(options as object)).toThrow();
  },
);

test('TerminateOnNaN stops at a running loss that is no number', async () => {
  const model = new FakeModel();
  const callback = new TerminateOnNaN();
  callback.setModel(model);
  callback.onTrainBatchEnd(0, { loss: 1e300, mae: Number.NaN });
  callback.onTrainBatchEnd(1, {});
  expect(model.stopTraining).toBe(false);
  for (const loss of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    model.stopTraining = false;
    expect(await captured(() => callback.onTrainBatchEnd(7, { loss }))).toBe('Batch 7: Invalid loss, terminating training\n');
    expect(model.stopTraining).toBe(true);
  }
});
