import { ValueError } from '../../errors.js';
import type { Layer } from '../../layers/layer.js';

/** What the projector is told of the embeddings of a model, in protobuf's form of text. */
export function projectorConfig(layers: readonly Layer[], metadata: string | Record<string, string> | null): string {
  const embeddings = layers.filter((layer) => layer.className === 'Embedding');
  if (metadata !== null && typeof metadata !== 'string') {
    const unknown = Object.keys(metadata).filter((name) => !embeddings.some((layer) => layer.name === name));
    if (unknown.length)
      throw new ValueError(
        `TensorBoard: 'embeddingsMetadata' names layers that are no Embedding of this model: ${unknown.join(', ')}. It has: ${embeddings.map((e) => e.name).join(', ') || 'none'}.`,
        'ERR_OUT_OF_RANGE',
      );
  }
  const text = (value: string) => JSON.stringify(value);
  return embeddings
    .map((layer) => {
      const path = typeof metadata === 'string' ? metadata : metadata?.[layer.name as string];
      const lines = [`tensor_name: ${text('layer_with_weights-0/embeddings/.ATTRIBUTES/VARIABLE_VALUE')}`];
      if (path) lines.push(`metadata_path: ${text(path)}`);
      return `embeddings {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
    })
    .join('');
}
