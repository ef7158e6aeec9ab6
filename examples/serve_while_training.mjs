// A server predicts with the model that it trains: POST /predict with rows of four numbers answers with a prediction for each, from the weights
// as they are after some whole batch, while `fit` goes on. GET /metrics tells Prometheus how the training stands. Run: node examples/serve_while_training.mjs
// With `--requests 2000` it asks itself so many times, trains until all are answered, and ends.
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { parseArgs } from 'node:util';
import { layers, sequential, setRandomSeed } from 'gemmfit';

const { values } = parseArgs({ options: { requests: { type: 'string', default: '0' }, port: { type: 'string', default: '0' } } });
const requests = Number(values.requests);
const samples = 20_000;

setRandomSeed(1);
const x = Float32Array.from({ length: 4 * samples }, (_, i) => Math.sin(i * i));
const y = Float32Array.from({ length: samples }, (_, i) => x[4 * i] * x[4 * i + 1] + x[4 * i + 2]);
const model = sequential([
  layers.dense({ units: 64, activation: 'relu', inputShape: [4] }),
  layers.dense({ units: 64, activation: 'relu' }),
  layers.dense({ units: 1 }),
]);
model.compile({ optimizer: 'adam', loss: 'mse' });

async function bodyOf(stream) {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 1_000_000) throw new Error('too much for one request');
  }
  return text;
}

// The training tells of itself on channels of the process: nothing is put into `fit` for it.
const gauges = { epochs: 0, batches: 0 };
subscribe('gemmfit:epoch', ({ epoch, logs }) => Object.assign(gauges, { epochs: epoch + 1, ...logs }));
subscribe('gemmfit:batch', ({ epoch, batch, steps }) => Object.assign(gauges, { batches: epoch * steps + batch + 1 }));
let answered = 0;

function metrics() {
  const lines = Object.entries({ ...gauges, predictions: answered }).map(([name, value]) => {
    const kind = ['epochs', 'batches', 'predictions'].includes(name) ? 'counter' : 'gauge';
    return `# TYPE gemmfit_${name} ${kind}\ngemmfit_${name}{model="${model.name}"} ${value}`;
  });
  return `${lines.join('\n')}\n`;
}

const server = createServer(async (req, res) => {
  if (req.method === 'GET' && req.url === '/metrics') {
    res.setHeader('content-type', 'text/plain; version=0.0.4').end(metrics());
    return;
  }
  try {
    const rows = JSON.parse(await bodyOf(req));
    // A few rows at once on this thread; `await model.predict(rows)` for many.
    const predictions = model.predictSync(rows).toArray();
    answered++;
    res.setHeader('content-type', 'application/json').end(JSON.stringify(predictions));
  } catch (error) {
    res.writeHead(400).end(JSON.stringify({ error: error.message }));
  }
});
server.listen(Number(values.port), '127.0.0.1');
await once(server, 'listening');
const { port } = server.address();
console.log(`POST http://127.0.0.1:${port}/predict, GET http://127.0.0.1:${port}/metrics`);

let asked = 0;
const training = model.fit(x, y, {
  epochs: 1000,
  batchSize: 32,
  verbose: 0,
  callbacks: {
    onEpochEnd() {
      if (requests > 0 && asked === requests) model.stopTraining = true;
    },
  },
});

const agent = new Agent({ keepAlive: true });
async function send(method, path, body) {
  const req = request({ port, host: '127.0.0.1', path, method, agent });
  req.end(body);
  const [res] = await once(req, 'response');
  return { status: res.statusCode, text: await bodyOf(res) };
}
async function ask(rows) {
  const { status, text } = await send('POST', '/predict', JSON.stringify(rows));
  return { status, answer: JSON.parse(text) };
}

let right = 0;
await Promise.all(
  Array.from({ length: 8 }, async (_, client) => {
    for (let i = client; i < requests; i += 8) {
      const { status, answer } = await ask([Array.from(x.subarray(4 * i, 4 * i + 4)), [0, 0, 0, 0]]);
      if (status === 200 && answer.length === 2 && answer.every((row) => row.length === 1 && Number.isFinite(row[0]))) right++;
      asked++;
    }
  }),
);
const { history } = await training;
console.log(`loss of the epochs: ${history.loss.join(' ')}`);
if (requests > 0) {
  console.log(`answers: ${right} of ${requests} right`);
  console.log((await send('GET', '/metrics')).text);
  agent.destroy();
  server.close();
}
