/** What a colour stands for in a picture. */
export type Tone = 'first' | 'second' | 'third' | 'muted';
export type Theme = 'auto' | 'light' | 'dark';
export const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

interface Colours extends Record<Tone, string> {
  paper: string;
  ink: string;
  faint: string;
  grid: string;
  box: string;
}

/** Text and lines have a contrast of 4.5 to 1 or more to the paper; first and second are told apart without red and green. */
export const colours: Record<'light' | 'dark', Colours> = {
  light: {
    ...{ paper: '#ffffff', ink: '#1f2328', faint: '#59636e', grid: '#e4e8ec', box: '#f6f8fa' },
    ...{ first: '#1d5fd1', second: '#c2410c', third: '#0f7b5f', muted: '#59636e' },
  },
  dark: {
    ...{ paper: '#0d1117', ink: '#e6edf3', faint: '#9aa4af', grid: '#242b33', box: '#161b22' },
    ...{ first: '#6cb0ff', second: '#ff9e64', third: '#4fd1a5', muted: '#9aa4af' },
  },
};

const tones: readonly Tone[] = ['first', 'second', 'third', 'muted'];

/** The rules of one theme. Each begins with the picture's own class: a notebook has many pictures in one page. */
function rules(name: string, c: Colours): string {
  const of = (selector: string, body: string) => `.${name} ${selector}{${body}}`;
  return [
    of('.paper', `fill:${c.paper}`),
    of('text', `fill:${c.ink}`),
    of('.faint', `fill:${c.faint}`),
    of('.grid', `stroke:${c.grid}`),
    of('.axis', `stroke:${c.faint}`),
    of('.box', `fill:${c.box};stroke:${c.grid}`),
    of('.on', `fill:${c.paper}`),
    ...tones.flatMap((tone) => [of(`.s-${tone}`, `stroke:${c[tone]}`), of(`.f-${tone}`, `fill:${c[tone]}`)]),
  ].join('\n');
}

const shapes = (name: string): string =>
  [
    `.${name} text{font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',Arial,sans-serif}`,
    `.${name} .head{font-size:15px;font-weight:600}`,
    `.${name} .strong{font-weight:600}`,
    `.${name} .small{font-size:12px}`,
    `.${name} .line{fill:none;stroke-width:2;stroke-linejoin:round}`,
    `.${name} .dashed{stroke-dasharray:6 4}`,
    `.${name} .dotted{stroke-dasharray:2 4;stroke-width:1.5}`,
    `.${name} .faded{fill-opacity:.45}`,
  ].join('\n');

/** The style of a picture, whose outermost element has the class of the same name. */
export function styleOf(theme: Theme): { name: string; css: string } {
  const name = `gemmfit-${theme}`;
  const own = rules(name, colours[theme === 'dark' ? 'dark' : 'light']);
  const dark = theme === 'auto' ? `\n@media (prefers-color-scheme:dark){\n${rules(name, colours.dark)}\n}` : '';
  return { name, css: `${shapes(name)}\n${own}${dark}` };
}
