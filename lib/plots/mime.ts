/** What a notebook may show: a text by its kind. */
export type MimeBundle = Record<string, string>;

/** Deno's notebooks ask an object for what it looks like by a method of this name. */
export const jupyterDisplay = Symbol.for('Jupyter.display');
