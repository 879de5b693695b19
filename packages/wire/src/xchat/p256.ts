/**
 * Is a point on P-256? (x-chat.md 6: a wrap's ephemeral key and public keys are checked for it.) Public input, so
 * nothing here needs constant time. The group has prime order: every point of the curve but infinity, which has no
 * 65-byte form, is a valid public key.
 */

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

/** `point`: 65 bytes at `offset`, 0x04 and both coordinates, big endian. */
export function isOnP256(point: Uint8Array, offset = 0): boolean {
  if (point.length < offset + 65 || point[offset] !== 4) return false
  const view = new DataView(point.buffer, point.byteOffset + offset + 1, 64)
  const x = coordinate(view, 0)
  const y = coordinate(view, 32)
  if (x >= P || y >= P) return false
  return (y * y - (x * x - 3n) * x - B) % P === 0n
}

function coordinate(view: DataView, at: number): bigint {
  const high = (view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8)
  const low = (view.getBigUint64(at + 16) << 64n) | view.getBigUint64(at + 24)
  return (high << 128n) | low
}
