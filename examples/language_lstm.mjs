// Which of nine languages a line of text is in, read letter by letter by an LSTM. The text: the compiler messages that the npm package
// `typescript` ships in eight translations, and in English as their keys. Run: npm install typescript && node examples/language_lstm.mjs
import { createRequire } from 'node:module';
import { layers, optimizers, schedules, sequential, setRandomSeed } from 'gemmfit';

const epochs = 12;
const batchSize = 64;
const steps = 32;
const languages = ['en', 'cs', 'de', 'es', 'fr', 'it', 'pl', 'pt-br', 'tr'];

const require = createRequire(import.meta.url);
const messagesOf = (language) => require(`typescript/lib/${language}/diagnosticMessages.generated.json`);
const keys = Object.keys(messagesOf('de')).sort();

/** Letters a-z and single spaces: accents are dropped, so that no letter alone gives a language away; so are placeholders and code. */
const plain = (text) =>
  text
    .replace(/\{\d\}|'[^']*'|"[^"]*"|\S*[0-9.]\S+/g, ' ')
    .normalize('NFD')
    .toLowerCase()
    .replace(/\u0131/g, 'i')
    .replace(/\u0142/g, 'l')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z]+/g, ' ')
    .trim();

/** The first 32 letters as ids: 0 fills up, 1 is a space, 2 to 27 are a to z. */
const ids = (text) =>
  Array.from({ length: steps }, (_, i) => (i < text.length ? 1 + ' abcdefghijklmnopqrstuvwxyz'.indexOf(text[i]) : 0));

/** A message is held out in all languages or in none: its translations have names and foreign words in common. */
const parts = { train: { x: [], y: [] }, test: { x: [], y: [] } };
languages.forEach((language, label) => {
  const messages = language === 'en' ? undefined : messagesOf(language);
  keys.forEach((key, i) => {
    const text = plain(messages ? messages[key] : key.replace(/_\d+$/, '').replaceAll('_', ' '));
    if (text.length < 16) return; // too short to tell
    const part = i % 5 === 4 ? parts.test : parts.train;
    part.x.push(ids(text));
    part.y.push(label);
  });
});
const { train, test } = parts;
console.log(`${train.x.length} lines to learn from, ${test.x.length} held out`);

setRandomSeed(1);
const model = sequential([
  layers.embedding({ inputDim: 28, outputDim: 16, maskZero: true, inputShape: [steps] }),
  layers.lstm({ units: 64 }),
  layers.dense({ units: languages.length, activation: 'softmax' }),
]);
const decaySteps = epochs * Math.ceil(train.x.length / batchSize);
model.compile({
  optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ initialLearningRate: 0.006, decaySteps }) }),
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
});

await model.fit(train.x, train.y, { epochs, batchSize, validationData: [test.x, test.y], verbose: 2 });
const { accuracy } = await model.evaluate(test.x, test.y, { returnDict: true, verbose: 0 });

const lines = [
  'the name of the file is not known',
  'der name der datei ist nicht bekannt',
  'le nom du fichier est inconnu',
  'nazwa pliku nie jest znana',
];
for (const line of lines) {
  const scores = Array.from(model.predictSync([ids(plain(line))]).data);
  console.log(`${line}: ${languages[scores.indexOf(Math.max(...scores))]}`);
}
console.log(`held-out accuracy: ${(100 * accuracy).toFixed(2)} %`);
