// What is tried of a file: every prefix, and changes that follow from a number.
import { generator } from '../../checkpoint/crash/trainings.mjs';

export function changed(bytes, seed) {
  const r = generator(seed + 1);
  const out = Buffer.from(bytes);
  switch (r.below(5)) {
    case 0: // a bit
      out[r.below(out.length)] ^= 1 << r.below(8);
      break;
    case 1: // a few bytes
      for (let i = 1 + r.below(8); i > 0; i--) out[r.below(out.length)] = r.below(256);
      break;
    case 2: {
      // a large number
      const at = r.below(out.length);
      out.fill(r.pick([0, 255, 127]), at, Math.min(out.length, at + r.pick([1, 2, 4, 8])));
      break;
    }
    case 3: // a part of it in another place
      out.copy(out, r.below(out.length), r.below(out.length), r.below(out.length));
      break;
    default: // a hole, or something put in
      return Buffer.concat([
        out.subarray(0, r.below(out.length)),
        Buffer.alloc(r.below(20), r.below(256)),
        out.subarray(r.below(out.length)),
      ]);
  }
  return out;
}
