import { vi } from 'vitest';
import './golden.js';

// Before anything is imported: the engine reads it when it is loaded.
vi.hoisted(() => {
  process.env.GEMMFIT_GEMM = 'openblas';
});
