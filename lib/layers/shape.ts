import { show, typeError, ValueError } from '../errors.js';
import { shapeText } from '../shapes.js';

/** Shape of one sample, without the batch dimension; null where it is not known before there is data. */
export type Shape = readonly (number | null)[];

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);

/** Shape entries: whole numbers above 0, or null. */
export function checkShape(where: string, option: string, shape: unknown): Shape {
  if (!Array.isArray(shape))
    throw typeError(`${where}: '${option}' must be an array of whole numbers or null. Received: ${show(shape)}`);
  if (shape.length > 32)
    throw new ValueError(`${where}: '${option}' must have at most 32 axes. Received: ${show(shape)}`, 'ERR_SHAPE');
  for (const d of shape)
    if (d !== null && !(Number.isInteger(d) && d > 0))
      throw new ValueError(
        `${where}: '${option}' must hold whole numbers above 0, or null where a size is not known. Received: ${show(shape)}`,
        'ERR_SHAPE',
      );
  return [...shape] as Shape;
}

/** The shape of a first layer's samples, from whichever option tells it. */
export function sampleShape(
  where: string,
  given: { inputShape?: Shape; batchInputShape?: Shape; inputDim?: number },
): Shape | undefined {
  const { inputShape, batchInputShape, inputDim } = given;
  const shapes: Shape[] = [];
  if (batchInputShape != null) shapes.push(checkBatchShape(where, 'batchInputShape', batchInputShape));
  if (inputShape != null) shapes.push(checkShape(where, 'inputShape', inputShape));
  if (inputDim != null) shapes.push(checkShape(where, 'inputDim', [inputDim]));
  if (shapes.some((s) => !sameShape(s, shapes[0])))
    throw new ValueError(
      `${where}: 'inputShape', 'batchInputShape' and 'inputDim' say the same in other words; give one of them. Received: ${shapes.map(shapeText).join(' and ')}`,
      'ERR_OPTIONS',
    );
  return shapes[0];
}

/** The shape of one sample, from a shape with its batch dimension, whose size is not kept. */
export function checkBatchShape(where: string, option: string, shape: unknown): Shape {
  if (!Array.isArray(shape))
    throw typeError(
      `${where}: '${option}' must be a shape with its batch dimension, such as [null, 784]. Received: ${show(shape)}`,
    );
  const whole = checkShape(where, option, shape);
  if (whole.length === 0)
    throw new ValueError(
      `${where}: '${option}' must be a shape with its batch dimension, such as [null, 784]. Received: []`,
      'ERR_SHAPE',
    );
  return whole.slice(1);
}
