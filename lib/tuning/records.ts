import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ValueError } from '../errors.js';

/** What is known of work that may be taken up again: a file a piece, written whole or not at all. */
export class Records {
  /** @param folder null: nothing is kept */
  constructor(
    private readonly where: string,
    readonly folder: string | null,
  ) {
    if (folder !== null) mkdirSync(folder, { recursive: true });
  }

  /** Where a piece of the work has its checkpoints; undefined where nothing is kept. */
  checkpoint(name: string): { path: string; every: { epochs: number } } | undefined {
    return this.folder === null ? undefined : { path: join(this.folder, name), every: { epochs: 1 } };
  }

  read<T>(name: string): T | null {
    if (this.folder === null) return null;
    try {
      return JSON.parse(readFileSync(join(this.folder, `${name}.json`), 'utf8')) as T;
    } catch {
      return null;
    }
  }
  write(name: string, value: unknown): void {
    if (this.folder === null) return;
    const path = join(this.folder, `${name}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(value));
    renameSync(`${path}.new`, path);
  }

  /** What the work is: the same as when it was begun. Gives what was written of it at first. */
  begin<T extends { seed: number }>(plan: T, given: { seed: number | null }): T {
    const before = this.read<T>('plan');
    if (!before) {
      this.write('plan', plan);
      return plan;
    }
    const same = (one: T) => JSON.stringify({ ...one, seed: 0 });
    if (same(before) !== same(plan) || (given.seed !== null && given.seed !== before.seed))
      throw new ValueError(
        `${this.where}: the folder ${this.folder} is of other work. Give what it was begun with, or another folder.`,
        'ERR_CHECKPOINT',
      );
    return before;
  }
}
