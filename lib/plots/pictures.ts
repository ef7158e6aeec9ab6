// What `lazy.ts` loads: pictures of trainings and models.
export { plotHistory } from './history_plot.js';
export { plotModel } from './model_plot.js';
