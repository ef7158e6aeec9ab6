import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ValueError } from '../../errors.js';
import { suggest } from '../../options.js';
import { fileError } from '../sources/files.js';

/** Endings of files that are taken for images. */
const IMAGES = /\.(avif|bmp|gif|jpe?g|png|tiff?|webp)$/i;

/** The images of a folder: their paths, and for each the place of its class. */
export interface ImageFiles {
  readonly paths: string[];
  readonly labels: number[];
  readonly classNames: readonly string[];
}

const byName = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function imagesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => IMAGES.test(name))
    .sort(byName)
    .map((name) => join(folder, name));
}

/** @param given folders that are classes; null: all of them */
export function findImages(folder: string, given: readonly string[] | null, isLabelled: boolean): ImageFiles {
  try {
    if (!statSync(folder).isDirectory()) throw new ValueError(`images: ${folder} is no folder.`, 'ERR_FILE');
    const folders = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
    const lacking = given?.find((name) => !folders.includes(name));
    if (lacking !== undefined)
      throw new ValueError(`images: ${folder} has no folder '${lacking}'.${suggest(lacking, folders)}`, 'ERR_UNKNOWN_NAME');
    const classNames = isLabelled ? (given ?? folders.sort(byName)) : [];
    const found = isLabelled
      ? classNames.flatMap((name, label) => imagesIn(join(folder, name)).map((path) => ({ path, label })))
      : imagesIn(folder).map((path) => ({ path, label: 0 }));
    if (found.length === 0)
      throw new ValueError(
        `images: ${folder} has no images${isLabelled ? ' in folders of their classes. For images without labels say labels: null' : ''}.`,
        'ERR_EMPTY',
      );
    return { paths: found.map(({ path }) => path), labels: found.map(({ label }) => label), classNames };
  } catch (error) {
    throw fileError('images', folder, error);
  }
}
