// Width and height of a picture, from the first bytes of its file: PNG, GIF, JPEG and WebP say them in their headers. Nothing
// is decoded; what does not say is no picture of which a size is shown.

export interface PictureSize {
  readonly format: 'png' | 'gif' | 'jpeg' | 'webp'
  readonly width: number
  readonly height: number
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** Pixels of one side that any of these formats can say. */
const MOST = 2 ** 31 - 1

/** `start`: the first bytes of the file, as many as there are at hand. */
export function pictureSize(start: Buffer): PictureSize | null {
  const found = png(start) ?? gif(start) ?? webp(start) ?? jpeg(start)
  return found && found.width > 0 && found.height > 0 && Math.max(found.width, found.height) <= MOST ? found : null
}

function png(start: Buffer): PictureSize | null {
  if (start.length < 24 || !start.subarray(0, 8).equals(PNG) || start.toString('latin1', 12, 16) !== 'IHDR') return null
  return { format: 'png', width: start.readUInt32BE(16), height: start.readUInt32BE(20) }
}

function gif(start: Buffer): PictureSize | null {
  if (start.length < 10 || !/^GIF8[79]a$/.test(start.toString('latin1', 0, 6))) return null
  return { format: 'gif', width: start.readUInt16LE(6), height: start.readUInt16LE(8) }
}

function webp(start: Buffer): PictureSize | null {
  if (start.length < 30 || start.toString('latin1', 0, 4) !== 'RIFF' || start.toString('latin1', 8, 12) !== 'WEBP')
    return null
  switch (start.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { format: 'webp', width: start.readUInt16LE(26) & 0x3fff, height: start.readUInt16LE(28) & 0x3fff }
    case 'VP8L': {
      const bits = start.readUInt32LE(21)
      return { format: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return { format: 'webp', width: start.readUIntLE(24, 3) + 1, height: start.readUIntLE(27, 3) + 1 }
    default:
      return null
  }
}

/** From one segment to the next until one is the start of a frame. */
function jpeg(start: Buffer): PictureSize | null {
  if (start.length < 4 || start.readUInt16BE(0) !== 0xffd8) return null
  for (let at = 2; at + 9 <= start.length; ) {
    if (start[at] !== 0xff) return null
    const marker = start[at + 1] as number
    if (marker === 0xff) {
      at += 1
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { format: 'jpeg', width: start.readUInt16BE(at + 7), height: start.readUInt16BE(at + 5) }
    const length = start.readUInt16BE(at + 2)
    if (length < 2 || marker === 0xd9 || marker === 0xda) return null
    at += 2 + length
  }
  return null
}
