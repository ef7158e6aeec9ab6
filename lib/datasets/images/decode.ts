import type { Sharp } from 'sharp';
import { NDArray } from '../../data/ndarray.js';
import { ValueError } from '../../errors.js';
import { peer } from '../peers.js';
import type { ImagesOptions } from './options.js';

const KERNELS = { nearest: 'nearest', bilinear: 'linear', bicubic: 'cubic', lanczos3: 'lanczos3' } as const;
const CHANNELS = { grayscale: 1, rgb: 3, rgba: 4 };

type Library = (path: string) => Sharp;

/** Loads an image as `[height, width, channels]` of bytes. */
export type Decode = (path: string) => Promise<NDArray<Uint8Array>>;

/** The pixels of images, all of one size. The library is loaded with the first of them. */
export function decoder(o: Required<ImagesOptions>): Decode {
  const [height, width] = o.imageSize;
  const channels = CHANNELS[o.colorMode];
  const fit = o.cropToAspectRatio ? 'cover' : o.padToAspectRatio ? 'contain' : 'fill';
  let library: Promise<Library> | null = null;
  const colours = (image: Sharp) =>
    o.colorMode === 'grayscale'
      ? image.removeAlpha().toColourspace('b-w')
      : o.colorMode === 'rgb'
        ? image.removeAlpha().toColourspace('srgb')
        : image.toColourspace('srgb').ensureAlpha();
  return async (path) => {
    library ??= peer<{ default: Library }>('images', 'sharp').then((loaded) => loaded.default);
    const sharp = await library;
    try {
      // As it is meant to be seen: cameras note how they were held.
      const image = sharp(path)
        .rotate()
        .resize(width, height, { fit, kernel: KERNELS[o.interpolation], background: '#000000ff' });
      const { data, info } = await colours(image).raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
      if (info.channels !== channels) throw new Error(`it has ${info.channels} channels and not ${channels}`);
      return new NDArray(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.length), [height, width, channels]);
    } catch (cause) {
      throw Object.assign(new ValueError(`images: ${path} could not be read: ${(cause as Error).message}`, 'ERR_FILE'), {
        cause,
      });
    }
  };
}
