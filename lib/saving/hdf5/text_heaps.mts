// The heaps in which HDF5 keeps texts of any length: 'GCOL', a version, the heap's size, then objects with their sizes one after the other. The library goes from
// object to object with sizes of 32 bits in its build for WebAssembly: of a damaged one it keeps the remainder, and may turn for ever.

const MARK = Buffer.from([0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0]);
const HEADER = 16;

/** Throws where the objects of a heap do not lie in it one after the other. */
export function checkTextHeaps(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let heap = file.indexOf(MARK); heap >= 0; heap = file.indexOf(MARK, heap + MARK.length)) {
    if (heap + HEADER > file.byteLength) return;
    const end = heap + Number(file.readBigUInt64LE(heap + 8));
    let at = heap + HEADER;
    while (at + HEADER <= Math.min(end, file.byteLength)) {
      const index = file.readUInt16LE(at);
      const size = Number(file.readBigUInt64LE(at + 8));
      // The free rest is said with its own header, others without; those are filled up to eight bytes.
      const whole = index === 0 ? size : HEADER + Math.ceil(size / 8) * 8;
      if (whole < HEADER || at + whole > end)
        throw new Error(`an object of ${size} bytes does not lie in the heap at byte ${heap}`);
      at += whole;
    }
  }
}
