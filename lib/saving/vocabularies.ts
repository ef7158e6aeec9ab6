import type { Model } from '../model/model.js';
import { modelGroups } from './model_state.js';

// Terms that a layer has learnt lie beside the weights in a `.keras` file, where Keras has them: `assets/layers/string_lookup/vocabulary.txt`.

const fileOf = (path: string): string => `assets/${path}/vocabulary.txt`;

/** Whether a member of an archive is one of these. */
export const isVocabularyFile = (name: string): boolean => /^assets\/.+\/vocabulary\.txt$/.test(name);

/** The files of a model's vocabularies, by their names. */
export function vocabularyFiles(model: Model): [name: string, text: string][] {
  return modelGroups(model).flatMap(([path, { vocabulary }]) => {
    const lines = vocabulary?.vocabularyLines ?? null;
    return lines === null ? [] : [[fileOf(path), lines]];
  });
}

/** Gives a model the vocabularies of a file. Weights of terms are there before. */
export function applyVocabularies(model: Model, files: ReadonlyMap<string, Uint8Array>): void {
  const given = new Set<object>();
  for (const [path, { vocabulary }] of modelGroups(model)) {
    // tf.keras 2.12 called `layers` otherwise.
    const bytes = files.get(fileOf(path)) ?? files.get(fileOf(path.replace(/^layers\//, '_layer_checkpoint_dependencies/')));
    if (!vocabulary || !bytes || given.has(vocabulary)) continue;
    given.add(vocabulary);
    vocabulary.takeVocabularyLines(new TextDecoder().decode(bytes));
  }
}
