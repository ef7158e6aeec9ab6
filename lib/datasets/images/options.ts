import { show, typeError, ValueError } from '../../errors.js';
import { checkBoolean, checkNumber, checkOneOf, readOptions } from '../../options.js';

/** Options of `data.images`: those of Keras's `image_dataset_from_directory`. */
export interface ImagesOptions {
  /** `[height, width]` that all images become. Default [256, 256]. */
  imageSize?: readonly [number, number];
  /** Channels: 3, 1 or 4. Default 'rgb'. */
  colorMode?: 'rgb' | 'grayscale' | 'rgba';
  /** 'inferred': the folders are the classes, and elements are `[image, number of the class]`. null: images alone. Default 'inferred'. */
  labels?: 'inferred' | null;
  /** The folders that are read, whose places in this list are the labels. Default: all, in the order of their names. */
  classNames?: readonly string[] | null;
  /** How an image is made larger. (Where one becomes smaller, what lies between is averaged, as Keras does not.) Default 'bilinear'. */
  interpolation?: 'nearest' | 'bilinear' | 'bicubic' | 'lanczos3';
  /** Cuts off what is too long, and stretches nothing. Default false. */
  cropToAspectRatio?: boolean;
  /** Fills up with black what is too short, and stretches nothing. Default false. */
  padToAspectRatio?: boolean;
  /** Images that are decoded at once, in threads of the library; they keep their order. Default 4. */
  numParallelCalls?: number;
}

const defaults: Required<ImagesOptions> = {
  imageSize: [256, 256],
  colorMode: 'rgb',
  labels: 'inferred',
  classNames: null,
  interpolation: 'bilinear',
  cropToAspectRatio: false,
  padToAspectRatio: false,
  numParallelCalls: 4,
};

export function readImagesOptions(given: ImagesOptions | undefined): Required<ImagesOptions> {
  const o = readOptions<Required<ImagesOptions>>('images', given, defaults);
  if (!Array.isArray(o.imageSize) || o.imageSize.length !== 2)
    throw typeError(`images: 'imageSize' must be [height, width]. Received: ${show(o.imageSize)}`);
  for (const size of o.imageSize) checkNumber('images', 'imageSize', size, { min: 1, max: 16384, integer: true });
  checkOneOf('images', 'colorMode', o.colorMode, ['rgb', 'grayscale', 'rgba']);
  if (o.labels !== null) checkOneOf('images', 'labels', o.labels, ['inferred']);
  const { classNames } = o;
  if (
    classNames !== null &&
    (!Array.isArray(classNames) || classNames.length === 0 || classNames.some((name) => typeof name !== 'string'))
  )
    throw typeError(`images: 'classNames' must be a list of the names of folders. Received: ${show(classNames)}`);
  checkOneOf('images', 'interpolation', o.interpolation, ['nearest', 'bilinear', 'bicubic', 'lanczos3']);
  const crops = checkBoolean('images', 'cropToAspectRatio', o.cropToAspectRatio);
  if (checkBoolean('images', 'padToAspectRatio', o.padToAspectRatio) && crops)
    throw new ValueError("images: 'cropToAspectRatio' and 'padToAspectRatio' do not go together.", 'ERR_OUT_OF_RANGE');
  checkNumber('images', 'numParallelCalls', o.numParallelCalls, { min: 1, integer: true });
  return o;
}
